// How PostgreSQL goes about what is asked of a large catalogue.
import { createPool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { rebuild } from './application/index-upkeep';
import { migrations } from './storage/migrations';
import { createProductSource } from './storage/product-source';
import { createProductReader } from './storage/products';
import { createPostgresIndex } from './storage/search-index';
import { seedProducts } from './storage/seed';
import { followStock } from './storage/stock';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: 1 }, () => seedProducts(pool, 20_000));
  await rebuild(createProductSource(pool), createPostgresIndex({ pool }));
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test('browsing and searching read what they show, not the catalogue', async () => {
  const reads = await wholeTableReads(server.url, async (pool) => {
    const reader = createProductReader(pool);
    const limit = 21;
    await reader.byId('prd-00042');
    await reader.categories(50);
    await reader.list({ limit });
    await reader.list({ limit, after: { id: 'prd-10000' } });
    await reader.list({ limit, category: 'audio' });
    await reader.list({ limit, category: 'audio', after: { id: 'prd-10000' } });
    // Where there is an index it is searched, otherwise the catalogue itself: in the same way.
    for (const search of [reader.search, createPostgresIndex({ pool }).search]) {
      await search({ limit, search: 'copper kettle' });
      await search({ limit, search: 'ketle', category: 'kitchen', after: { id: 'prd-10000', rank: '0.5' } });
    }
  });
  expect(reads).toEqual([]);
});

test('following the stock of a product touches that product', async () => {
  const reads = await wholeTableReads(server.url, (pool, round) =>
    withTransaction(pool, (client) =>
      followStock(client, { productId: `prd-0${1000 + round}`, available: round, version: 1 }),
    ),
  );
  expect(reads).toEqual([]);
});

test('a change of stock stays on its page and touches no index', async () => {
  const pool = createPool({ url: server.url, max: 1 });
  const counted = async () => {
    await pool.query('select pg_stat_force_next_flush()');
    const { rows } = await pool.query(
      "select n_tup_upd as updated, n_tup_hot_upd as in_place from pg_stat_user_tables where relname = 'products'",
    );
    return rows[0] as { updated: number; in_place: number };
  };
  const before = await counted();
  for (let n = 1; n <= 200; n++) {
    const productId = `prd-${String(n * 7).padStart(5, '0')}`;
    await withTransaction(pool, (client) => followStock(client, { productId, available: n, version: n }));
  }
  const after = await counted();
  await pool.end();
  expect(after.updated - before.updated).toBeGreaterThan(150);
  expect(after.in_place - before.in_place).toBe(after.updated - before.updated);
});
