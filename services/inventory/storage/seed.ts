import type { Pool } from '@platform/libs/postgres';
import { sampleId, sampleStock } from '@platform/libs/sample';

const BATCH = 10_000;
const THRESHOLD = 10;

/** Stock for the first `count` products of the sample catalogue. What is there already stays as it is; the catalogue starts with the same. */
export async function seedStock(pool: Pool, count: number): Promise<void> {
  const { rows } = await pool.query('select count(*) as present from stock_items');
  if (rows[0].present >= count) return;
  for (let first = 1; first <= count; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - first + 1) }, (_, i) => first + i);
    await pool.query(
      `insert into stock_items (product_id, stock, threshold)
       select *, $3 from unnest($1::text[], $2::int[]) on conflict do nothing`,
      [numbers.map(sampleId), numbers.map(sampleStock), THRESHOLD],
    );
  }
  await pool.query('vacuum (analyze) stock_items');
}
