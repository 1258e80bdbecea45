import type { EventStore, NewEvent, StoredEvent } from '@platform/libs/eventstore';
import { type CloudEvent, enqueueEvents } from '@platform/libs/messaging';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { answerOf, PAYMENT_TOPIC } from '../application/messages';
import type { Change, PaymentStore, PaymentView, Transaction } from '../application/ports';
import { viewOf } from '../application/view';
import { foldPayment, initialPayment, isAnswered, type Payment, type PaymentEvent } from '../domain/payment';

/** Notified at commit when a payment has something to do. */
export const DUE_CHANNEL = 'payments_due';

const VERSION_SUFFIX = '.v1';
const toStored = ({ type, data }: PaymentEvent): NewEvent => ({ type: `${type}${VERSION_SUFFIX}`, data });
const fromStored = ({ type, data }: StoredEvent) =>
  ({ type: type.slice(0, -VERSION_SUFFIX.length), data }) as PaymentEvent;
export const streamOf = (paymentId: string) => `payment-${paymentId}`;

/** Events, the customer's view and the answer to the order, always written in one transaction. */
export const createPaymentStore = ({
  pool,
  events: store,
}: {
  pool: Pool;
  events: EventStore;
}): PaymentStore => {
  const historyOf = async (paymentId: string, client?: Transaction) =>
    (await store.readStream(streamOf(paymentId), client)).map(fromStored);

  const enqueue = (client: Transaction, message: CloudEvent | undefined) =>
    message ? enqueueEvents(client, PAYMENT_TOPIC, [message]) : Promise.resolve();

  const saveView = (client: Transaction, payment: Exclude<Payment, { status: 'none' }>, view: PaymentView) =>
    client.query({
      name: 'save-payment-view',
      text: `with saved as (
               insert into payments (id, order_id, customer_id, view, due_at) values ($1, $2, $3, $4, $5)
               on conflict (id) do update set view = excluded.view, due_at = excluded.due_at
               returning due_at)
             select pg_notify('${DUE_CHANNEL}', '') from saved where due_at is not null`,
      values: [
        view.id,
        view.orderId,
        payment.customerId,
        JSON.stringify(view),
        'dueAt' in payment ? payment.dueAt : null,
      ],
    });

  const change = async (
    client: Transaction,
    paymentId: string,
    decide: (payment: Payment) => PaymentEvent[],
  ): Promise<Change> => {
    const history = await historyOf(paymentId, client);
    const before = foldPayment(history, initialPayment);
    const events = decide(before);
    const after = foldPayment(events, before);
    if (events.length > 0 && after.status !== 'none') {
      const at = events.at(-1)!.data.at;
      const version = await store.append(client, streamOf(paymentId), events.map(toStored), history.length);
      if (!isAnswered(before)) await enqueue(client, answerOf(after, at, `${paymentId}-${version}`));
      const createdAt = (history[0] ?? events[0]!).data.at;
      await saveView(client, after, viewOf(after, { createdAt, updatedAt: at }));
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
    answerAgain: (payment, transaction) => enqueue(transaction, answerOf(payment, new Date().toISOString())),
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
