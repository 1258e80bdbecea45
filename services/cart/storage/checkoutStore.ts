import { type Pool, type Queryable, withTransaction } from '@platform/libs/postgres';
import type { Checkout, CheckoutStore, OrderRequest, PlacedOrder, Turn } from '../application/ports';
import { type Cart, takeOut } from '../domain/cart';
import { saveCart } from './cartStore';

interface Row {
  key: string;
  request_hash: string;
  order_key: string;
  status: 'asked' | 'placed' | 'refused';
  request: OrderRequest;
  answer: unknown;
}

const checkoutOf = ({ key, request_hash, order_key, status, request, answer }: Row): Checkout => ({
  ...{ key, requestHash: request_hash, orderKey: order_key },
  status: {
    asked: () => ({ is: 'asked' as const, request }),
    placed: () => ({ is: 'placed' as const, order: answer as PlacedOrder }),
    refused: () => ({
      is: 'refused' as const,
      ...(answer as Pick<Extract<Checkout['status'], { is: 'refused' }>, 'differences'>),
    }),
  }[status](),
});

/** Makes changes of one customer's checkouts come one after the other. */
const lockCart = async (client: Queryable, customerId: string): Promise<Cart | undefined> => {
  const { rows } = await client.query<Cart>({
    name: 'lock-cart',
    text: 'select id, version, items from carts where customer_id = $1 for update',
    values: [customerId],
  });
  return rows[0];
};

/** See CheckoutStore.strike. */
const strike = async (db: Queryable, customerId: string, orderKey: string): Promise<void> => {
  await db.query({
    name: 'strike-checkouts',
    text: `delete from checkouts where customer_id = $1 and order_key = $2 and status = 'asked'`,
    values: [customerId, orderKey],
  });
};

export const createCheckoutStore = (pool: Pool): CheckoutStore => ({
  async find(customerId, key) {
    const { rows } = await pool.query<Row>({
      name: 'find-checkout',
      text: 'select * from checkouts where customer_id = $1 and key = $2',
      values: [customerId, key],
    });
    return rows[0] && checkoutOf(rows[0]);
  },

  open: (customerId, cart, { key, requestHash, orderKey, request }, { now, underWayUntil }) =>
    withTransaction(pool, async (client): Promise<Turn | undefined> => {
      const standing = await lockCart(client, customerId);
      if (standing?.id !== cart.id || standing.version !== cart.version) return undefined;
      const { rows } = await client.query<{ order_key: string }>({
        name: 'open-checkout',
        text: `insert into checkouts
                 (customer_id, key, request_hash, order_key, status, request, turn, under_way_until, created_at)
               values ($1, $2, $3, coalesce(
                 (select order_key from checkouts where customer_id = $1 and status = 'asked' limit 1), $4),
                 'asked', $5, 1, $6, $7)
               on conflict do nothing returning order_key`,
        values: [customerId, key, requestHash, orderKey, JSON.stringify(request), underWayUntil, now],
      });
      return rows[0] && { orderKey: rows[0].order_key, request, number: 1, alone: true };
    }),

  async again(customerId, key, { now, underWayUntil }) {
    const { rows } = await pool.query<Row & { turn: number; alone: boolean }>({
      name: 'ask-again',
      text: `update checkouts set turn = checkouts.turn + 1, under_way_until = $4
             from (select under_way_until <= $3 as alone from checkouts
                   where customer_id = $1 and key = $2 for update) as before
             where customer_id = $1 and key = $2 and status = 'asked'
             returning order_key, request, turn, alone`,
      values: [customerId, key, now, underWayUntil],
    });
    const [row] = rows;
    return row && { orderKey: row.order_key, request: row.request, number: row.turn, alone: row.alone };
  },

  async others(customerId, { key, orderKey }) {
    const { rows } = await pool.query<Row>({
      name: 'other-checkouts',
      text: `select * from checkouts where customer_id = $1 and order_key = $2 and key <> $3 and status = 'asked'
             order by created_at`,
      values: [customerId, orderKey, key],
    });
    return rows.map(checkoutOf);
  },

  strike: (customerId, orderKey) => strike(pool, customerId, orderKey),

  async forget(customerId, key, turn) {
    const { rowCount } = await pool.query({
      name: 'forget-checkout',
      text: `delete from checkouts where customer_id = $1 and key = $2 and turn = $3 and status = 'asked'`,
      values: [customerId, key, turn],
    });
    return rowCount === 1;
  },

  refuse: (customerId, { before, after }, refusal, at) =>
    withTransaction(pool, async (client) => {
      if (!(await saveCart(client, customerId, before, after, at))) return false;
      if (!refusal) return true;
      const { key, requestHash, differences } = refusal;
      await client.query({
        name: 'refuse-checkout',
        text: `insert into checkouts (customer_id, key, request_hash, order_key, status, answer, created_at)
               values ($1, $2, $3, '', 'refused', $4, $5) on conflict do nothing`,
        values: [customerId, key, requestHash, JSON.stringify({ differences }), at],
      });
      return true;
    }),

  complete: (customerId, { key, orderKey }, order, at) =>
    withTransaction(pool, async (client) => {
      const cart = await lockCart(client, customerId);
      const { rows } = await client.query<Row>({
        name: 'checkouts-of-order',
        text: `select * from checkouts where customer_id = $1 and order_key = $2`,
        values: [customerId, orderKey],
      });
      const placed = rows.find(({ status }) => status === 'placed');
      if (placed) {
        await strike(client, customerId, orderKey);
        return placed.answer as PlacedOrder;
      }
      const own = rows.find((row) => row.key === key);
      // Erased or expired meanwhile: there is nothing to take anything out of.
      if (!own || !cart) return order;
      await client.query({
        name: 'complete-checkout',
        // Whoever asked for the very same has this order too. How it was paid is the order's business from here on.
        text: `update checkouts set status = 'placed', answer = $4, request = null
               where customer_id = $1 and order_key = $2 and status = 'asked'
                 and (key = $5 or request::text = $3)`,
        values: [customerId, orderKey, JSON.stringify(own.request), JSON.stringify(order), key],
      });
      await strike(client, customerId, orderKey);
      const items = takeOut(cart.items, own.request.items);
      await saveCart(client, customerId, cart, { ...cart, version: cart.version + 1, items }, at);
      return order;
    }),

  async removeDecided(before, limit) {
    const { rowCount } = await pool.query({
      name: 'remove-decided-checkouts',
      text: `delete from checkouts where (customer_id, key) in (
               select customer_id, key from checkouts where created_at < $1 and status <> 'asked'
               order by created_at limit $2 for update skip locked)`,
      values: [before, limit],
    });
    return rowCount ?? 0;
  },
});
