import type { NewEvent, StoredEvent, TransactionalEventStore } from '@platform/libs/eventstore';
import { enqueueEvents } from '@platform/libs/messaging';
import { type Pool, type Queryable, together, withTransaction } from '@platform/libs/postgres';
import { ORDER_TOPIC, toMessages } from '../application/messages';
import type { Change, OrderStore, OrderView, Placement, Transaction } from '../application/ports';
import { viewOf } from '../application/view';
import { dueAt, type Patience } from '../domain/checkout';
import { foldOrder, initialOrder, type Order, type OrderEvent } from '../domain/order';

/** Notified at commit, with its id, when an order is confirmed or cancelled. */
export const SETTLED_CHANNEL = 'orders_settled';

const VERSION_SUFFIX = '.v1';
const toStored = ({ type, data }: OrderEvent): NewEvent => ({ type: `${type}${VERSION_SUFFIX}`, data });
const fromStored = ({ type, data }: StoredEvent) =>
  ({ type: type.slice(0, -VERSION_SUFFIX.length), data }) as OrderEvent;
export const streamOf = (orderId: string) => `order-${orderId}`;

export interface OrderStoreDeps {
  pool: Pool;
  events: TransactionalEventStore;
  patience: Patience;
}

/** Events, the customer's view and the messages to others, always written in one transaction. */
export const createOrderStore = ({ pool, events: store, patience }: OrderStoreDeps): OrderStore => {
  const save = async (client: Transaction, before: Order, history: OrderEvent[], events: OrderEvent[]) => {
    const after = foldOrder(events, before);
    if (events.length === 0 || after.status === 'none') return after;
    const createdAt = (history[0] ?? events[0]!).data.at;
    await together(
      store.within(client).append(streamOf(after.orderId), events.map(toStored), history.length),
      enqueueEvents(client, ORDER_TOPIC, toMessages(before, events, history.length + 1)),
      saveView(client, after, viewOf(after, { createdAt, updatedAt: events.at(-1)!.data.at })),
    );
    return after;
  };

  const saveView = (client: Transaction, order: Exclude<Order, { status: 'none' }>, view: OrderView) =>
    client.query({
      name: 'save-order-view',
      text: `with saved as (
               insert into orders (id, customer_id, status, view, due_at) values ($1, $2, $3, $4, $5)
               on conflict (id) do update set status = excluded.status, view = excluded.view, due_at = excluded.due_at
               returning id, status)
             select pg_notify('${SETTLED_CHANNEL}', id::text) from saved where status <> 'pending'`,
      values: [view.id, order.customerId, view.status, JSON.stringify(view), dueAt(order, patience) ?? null],
    });

  const change = async (
    client: Transaction,
    orderId: string,
    decide: (order: Order) => OrderEvent[],
  ): Promise<Change> => {
    const history = (await store.within(client).readStream(streamOf(orderId))).map(fromStored);
    const before = foldOrder(history, initialOrder);
    const events = decide(before);
    return { before, after: await save(client, before, history, events), events };
  };

  const findPlacement = async (
    db: Queryable,
    customerId: string,
    key: string,
  ): Promise<Placement | undefined> => {
    const { rows } = await db.query({
      name: 'find-placement',
      text: 'select request_hash, answer from placements where customer_id = $1 and key = $2',
      values: [customerId, key],
    });
    return rows[0] && { customerId, key, requestHash: rows[0].request_hash, answer: rows[0].answer };
  };

  return {
    findPlacement: (customerId, key) => findPlacement(pool, customerId, key),
    place: (placement, events) =>
      withTransaction(pool, async (client) => {
        const { customerId, key, requestHash, answer } = placement;
        // Waits for another request with this key to end, then yields to it.
        const { rowCount } = await client.query({
          name: 'save-placement',
          text: `insert into placements (customer_id, key, request_hash, answer) values ($1, $2, $3, $4)
                 on conflict do nothing`,
          values: [customerId, key, requestHash, JSON.stringify(answer)],
        });
        if (rowCount === 0) return (await findPlacement(client, customerId, key))!;
        await save(client, initialOrder, [], events);
        return placement;
      }),
    change: (orderId, decide, transaction) =>
      transaction
        ? change(transaction, orderId, decide)
        : withTransaction(pool, (client) => change(client, orderId, decide)),
    async findDue(now, limit) {
      const { rows } = await pool.query({
        name: 'find-due-orders',
        text: 'select id from orders where due_at <= $1 order by due_at limit $2',
        values: [now, limit],
      });
      return rows.map((row) => row.id as string);
    },
    async find(orderId, customerId) {
      const { rows } = await pool.query({
        name: 'find-order',
        text: 'select view from orders where id = $1 and customer_id = $2',
        values: [orderId, customerId],
      });
      return rows[0]?.view as OrderView | undefined;
    },
    async list(customerId, limit, before) {
      const { rows } = await pool.query({
        name: 'list-orders',
        text: `select view from orders where customer_id = $1 and ($2::uuid is null or id < $2::uuid)
               order by id desc limit $3`,
        values: [customerId, before ?? null, limit],
      });
      return rows.map((row) => row.view as OrderView);
    },
  };
};
