import type { Pool, Queryable } from '@platform/libs/postgres';
import type { CartStore } from '../application/ports';
import type { Cart } from '../domain/cart';

/** See CartStore.save; in the transaction of `db` where it is one. */
export const saveCart = async (
  db: Queryable,
  customerId: string,
  before: Cart | undefined,
  { id, version, items }: Cart,
  at: string,
): Promise<boolean> => {
  const { rowCount } = before
    ? await db.query({
        name: 'change-cart',
        text: `update carts set version = $4, items = $5, touched_at = $6
               where customer_id = $1 and id = $2 and version = $3`,
        values: [customerId, id, before.version, version, JSON.stringify(items), at],
      })
    : await db.query({
        name: 'new-cart',
        text: `insert into carts (customer_id, id, version, items, touched_at) values ($1, $2, $3, $4, $5)
               on conflict do nothing`,
        values: [customerId, id, version, JSON.stringify(items), at],
      });
  return rowCount === 1;
};

export const createCartStore = (pool: Pool): CartStore => ({
  async find(customerId) {
    const { rows } = await pool.query<Cart>({
      name: 'find-cart',
      text: 'select id, version, items from carts where customer_id = $1',
      values: [customerId],
    });
    return rows[0];
  },
  save: (customerId, before, after, at) => saveCart(pool, customerId, before, after, at),
  async removeUntouched(since, limit) {
    const { rowCount } = await pool.query({
      name: 'remove-untouched-carts',
      text: `delete from carts where customer_id = any(array(
               select customer_id from carts where touched_at < $1 order by touched_at limit $2
               for update skip locked))`,
      values: [since, limit],
    });
    return rowCount ?? 0;
  },
  async countActive(since) {
    const { rows } = await pool.query<{ count: number }>({
      name: 'count-active-carts',
      text: `select count(*) as count from carts where touched_at >= $1 and items <> '[]'`,
      values: [since],
    });
    return rows[0]?.count ?? 0;
  },
});
