import type { Pool } from '@platform/libs/postgres';
import { seedProduct } from '../application/seed';

const BATCH = 1000;

/** Fills the catalogue up to `count` products. What is there already, stock included, stays as it is. */
export async function seedProducts(pool: Pool, count: number): Promise<void> {
  const { rows } = await pool.query('select count(*) as present from products');
  if (rows[0].present >= count) return;
  for (let first = 1; first <= count; first += BATCH) {
    const products = Array.from({ length: Math.min(BATCH, count - first + 1) }, (_, i) =>
      seedProduct(first + i),
    );
    await pool.query(
      `insert into products (id, sku, name, description, category, price_amount, price_currency, available)
       select id, sku, name, description, category, (price->>'amount')::int, price->>'currency', available
       from jsonb_to_recordset($1::jsonb)
         as p(id text, sku text, name text, description text, category text, price jsonb, available int)
       on conflict do nothing`,
      [JSON.stringify(products)],
    );
  }
  // The planner would otherwise guess, and searches read what is not indexed yet, until autovacuum comes by.
  await pool.query('vacuum (analyze) products');
}
