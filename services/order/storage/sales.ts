import type { ProjectionTable } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import { type Kysely, sql } from 'kysely';
import type { DayOfSales, Sale } from '../application/sales';

export const salesMigration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table sales (
        order_id uuid primary key,
        amount bigint not null,
        currency text not null,
        status text not null,
        placed_at timestamptz not null,
        settled_at timestamptz
      )`.execute(db);
    await sql`create index sales_placed on sales (placed_at)`.execute(db);
    await sql`create index sales_settled on sales (settled_at) where settled_at is not null`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table sales`.execute(db);
  },
};

export const salesTable: ProjectionTable<Sale> = {
  async load(client, keys) {
    const { rows } = await client.query({
      name: 'load-sales',
      text: 'select * from sales where order_id = any($1::uuid[])',
      values: [keys],
    });
    return new Map(
      rows.map(({ order_id, amount, currency, status, placed_at, settled_at }) => [
        order_id as string,
        {
          ...{ total: { amount, currency }, status, placedAt: placed_at.toISOString() },
          ...(settled_at && { settledAt: settled_at.toISOString() }),
        },
      ]),
    );
  },
  async save(client, rows) {
    const sales = [...rows].flatMap(([order_id, sale]) =>
      sale
        ? {
            ...{ order_id, ...sale.total, status: sale.status },
            ...{ placed_at: sale.placedAt, settled_at: sale.settledAt ?? null },
          }
        : [],
    );
    await client.query({
      name: 'save-sales',
      text: `insert into sales (order_id, amount, currency, status, placed_at, settled_at)
             select order_id, amount, currency, status, placed_at, settled_at
             from jsonb_to_recordset($1::jsonb) as sale
               (order_id uuid, amount bigint, currency text, status text, placed_at timestamptz, settled_at timestamptz)
             on conflict (order_id) do update set status = excluded.status, settled_at = excluded.settled_at`,
      values: [JSON.stringify(sales)],
    });
  },
  async clear(client) {
    await client.query('delete from sales');
  },
};

/** The days from `from` (a day, UTC) on, newest first. */
export const salesByDay = async (pool: Pool, from: string): Promise<DayOfSales[]> => {
  const { rows } = await pool.query<DayOfSales>(
    `with happened as (
       select placed_at as at, currency, 1 as placed, 0 as confirmed, 0 as cancelled, 0::bigint as revenue
       from sales where placed_at >= $1::date at time zone 'UTC'
       union all
       select settled_at, currency, 0, (status = 'confirmed')::int, (status = 'cancelled')::int,
         case status when 'confirmed' then amount else 0 end
       from sales where settled_at >= $1::date at time zone 'UTC')
     select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, currency, sum(placed)::int as placed,
       sum(confirmed)::int as confirmed, sum(cancelled)::int as cancelled, sum(revenue)::bigint as revenue
     from happened group by 1, 2 order by 1 desc, 2`,
    [from],
  );
  return rows;
};
