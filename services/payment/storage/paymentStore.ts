import type { Streams, TransactionalEventStore } from '@platform/libs/eventstore';
import { enqueueEvents } from '@platform/libs/messaging';
import { type Pool, together, withTransaction } from '@platform/libs/postgres';
import { PAYMENT_TOPIC, toMessages } from '../application/messages';
import type { Change, PaymentStore, PaymentView, Transaction } from '../application/ports';
import { viewOf } from '../application/view';
import { postingsByVersion } from '../domain/ledger';
import {
  foldPayment,
  initialPayment,
  isKnown,
  type KnownPayment,
  type Payment,
  type PaymentEvent,
} from '../domain/payment';
import { dueAtOf } from '../domain/settling';
import { fromStored, streamOf, toStored } from './events';
import { savePostings } from './ledger';

/** Notified at commit when a payment has something to do. */
export const DUE_CHANNEL = 'payments_due';

/** Events, the customer's view, the postings and what others hear of it, always written in one transaction. */
export const createPaymentStore = ({
  pool,
  events: store,
}: {
  pool: Pool;
  events: TransactionalEventStore;
}): PaymentStore => {
  const historyOf = async (paymentId: string, streams: Streams = store) =>
    (await streams.readStream(streamOf(paymentId))).map(fromStored);

  const saveView = (
    client: Transaction,
    payment: KnownPayment,
    view: PaymentView,
    versions: [before: number, after: number],
  ) =>
    client.query({
      name: 'save-payment',
      text: `with saved as (
               insert into payments (id, order_id, customer_id, view, due_at, booked_version)
               values ($1, $2, $3, $4, $5, $6)
               on conflict (id) do update
                 set view = excluded.view, due_at = excluded.due_at,
                   booked_version = case when payments.booked_version = $7 then $6 else payments.booked_version end
               returning due_at)
             select pg_notify('${DUE_CHANNEL}', '') from saved where due_at is not null`,
      values: [
        view.id,
        view.orderId,
        payment.customerId,
        JSON.stringify(view),
        dueAtOf(payment) ?? null,
        versions[1],
        versions[0],
      ],
    });

  const change = async (
    client: Transaction,
    paymentId: string,
    decide: (payment: Payment) => PaymentEvent[],
  ): Promise<Change> => {
    const streams = store.within(client);
    const history = await historyOf(paymentId, streams);
    const before = foldPayment(history, initialPayment);
    const events = decide(before);
    const after = foldPayment(events, before);
    const last = events.at(-1);
    if (last) {
      const [first, version] = [history.length + 1, history.length + events.length];
      const times = { createdAt: (history[0] ?? last).data.at, updatedAt: last.data.at };
      await together(
        streams.append(streamOf(paymentId), events.map(toStored), history.length),
        enqueueEvents(client, PAYMENT_TOPIC, toMessages(before, events, first)),
        savePostings(client, paymentId, postingsByVersion(before, events, first)),
        isKnown(after) && saveView(client, after, viewOf(after, times), [history.length, version]),
      );
    }
    return { before, after, events };
  };

  const findView = async (column: 'id' | 'order_id', value: string, customerId: string) => {
    const { rows } = await pool.query({
      name: `find-payment-by-${column}`,
      text: `select view from payments where ${column} = $1 and customer_id = $2`,
      values: [value, customerId],
    });
    return rows[0]?.view as PaymentView | undefined;
  };

  return {
    load: async (paymentId) => foldPayment(await historyOf(paymentId)),
    change: (paymentId, decide, transaction) =>
      transaction
        ? change(transaction, paymentId, decide)
        : withTransaction(pool, (client) => change(client, paymentId, decide)),
    tell: (messages, transaction) =>
      messages.length > 0 ? enqueueEvents(transaction, PAYMENT_TOPIC, messages) : Promise.resolve(),
    async claimDue(now, leaseUntil, limit) {
      const { rows } = await pool.query({
        name: 'claim-due-payments',
        text: `update payments set leased_until = $2 where id in (
                 select id from payments where due_at <= $1 and (leased_until is null or leased_until <= $1)
                 order by due_at limit $3 for update skip locked)
               returning id`,
        values: [now, leaseUntil, limit],
      });
      return rows.map((row) => row.id as string);
    },
    async release(paymentId) {
      await pool.query('update payments set leased_until = null where id = $1', [paymentId]);
    },
    async recordNotification(gateway, eventId, transaction) {
      const { rowCount } = await transaction.query({
        name: 'record-notification',
        text: 'insert into gateway_notifications (gateway, event_id) values ($1, $2) on conflict do nothing',
        values: [gateway, eventId],
      });
      return rowCount === 1;
    },
    find: (paymentId, customerId) => findView('id', paymentId, customerId),
    findByOrder: (orderId, customerId) => findView('order_id', orderId, customerId),
  };
};
