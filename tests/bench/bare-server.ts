// The baseline: what one would write in ten minutes, express 5 and pg, answering the same from the same table.
import express from 'express';
import { Pool } from 'pg';

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = express();

const present = (row: Record<string, unknown>) => ({
  id: row.id,
  sku: row.sku,
  name: row.name,
  description: row.description,
  category: row.category,
  price: { amount: Number(row.price_amount), currency: row.price_currency },
  available: row.available,
});

const columns = 'id, sku, name, description, category, price_amount, price_currency, available';

app.get('/v1/products', async (request, response) => {
  const limit = Math.min(Number(request.query.limit ?? 20), 100);
  const { rows } = await pool.query(`select ${columns} from products order by id limit $1`, [limit]);
  response.json({ items: rows.map(present), nextCursor: rows.at(-1)?.id });
});

app.get('/v1/products/:id', async (request, response) => {
  const { rows } = await pool.query(`select ${columns} from products where id = $1`, [request.params.id]);
  if (rows.length === 0) return void response.status(404).end();
  response.json(present(rows[0]));
});

app.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
