import type { PoolClient } from '@platform/libs/postgres';
import type { ReservationRecord, StockStore } from '../application/reserve';

/** All statements run in the transaction of `client`. */
export function createStockStore(client: PoolClient): StockStore {
  return {
    async findReservation(orderId) {
      // There may be no row to lock yet, so the order itself is locked until the transaction ends.
      await client.query('select pg_advisory_xact_lock(hashtextextended($1, 3001))', [orderId]);
      const { rows } = await client.query<{ status: string; reason: string | null; product_ids: string[] }>(
        'select status, reason, product_ids from reservations where order_id = $1',
        [orderId],
      );
      return rows[0] && toRecord(rows[0]);
    },
    async lockStock(productIds) {
      const { rows } = await client.query<{ id: string; available: number }>(
        'select id, available from products where id = any($1::text[]) order by id for update',
        [productIds],
      );
      return new Map(rows.map(({ id, available }) => [id, available]));
    },
    async saveReservation(orderId, record, lines) {
      const { reason, productIds } = record.status === 'rejected' ? record : { reason: null, productIds: [] };
      await client.query(
        'insert into reservations (order_id, status, reason, product_ids) values ($1, $2, $3, $4)',
        [orderId, record.status, reason, productIds],
      );
      if (lines.length === 0) return;
      await client.query(
        `insert into reservation_lines (order_id, product_id, quantity)
         select $1, * from unnest($2::text[], $3::int[])`,
        [orderId, lines.map(({ productId }) => productId), lines.map(({ quantity }) => quantity)],
      );
    },
    async take(lines) {
      await client.query(
        `update products set available = available - line.quantity, updated_at = now()
         from unnest($1::text[], $2::int[]) as line(product_id, quantity) where id = line.product_id`,
        [lines.map(({ productId }) => productId), lines.map(({ quantity }) => quantity)],
      );
    },
    async giveBack(orderId) {
      // Locked in the order of ids, like everywhere: two orders that share products must not wait for each other.
      await client.query(
        `select id from products where id in (select product_id from reservation_lines where order_id = $1)
         order by id for update`,
        [orderId],
      );
      await client.query(
        `update products set available = available + line.quantity, updated_at = now()
         from reservation_lines line where line.order_id = $1 and id = line.product_id`,
        [orderId],
      );
      await client.query(
        "update reservations set status = 'released', updated_at = now() where order_id = $1",
        [orderId],
      );
    },
  };
}

function toRecord(row: { status: string; reason: string | null; product_ids: string[] }): ReservationRecord {
  if (row.status === 'reserved' || row.status === 'released') return { status: row.status };
  return { status: 'rejected', reason: row.reason ?? 'unknown', productIds: row.product_ids };
}
