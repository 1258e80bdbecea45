import type { Socket } from 'node:net';
import { startPostgres } from '../testing';
import { createPool, type Pool, together, withTransaction } from '.';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = createPool({ url: postgres.url });
  await pool.query('create table things (id integer primary key)');
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
});

const add = (client: Pick<Pool, 'query'>, id: number) =>
  client.query('insert into things (id) values ($1) returning id', [id]);
const all = async () => (await pool.query('select id from things order by id')).rows.map(({ id }) => id);

test('statements sent together are done in order, and each has its own answer', async () => {
  const [first, count, second] = await withTransaction(pool, (client) =>
    together(add(client, 1), client.query('select count(*)::int as n from things'), add(client, 2)),
  );
  expect([first.rows, count.rows, second.rows]).toEqual([[{ id: 1 }], [{ n: 1 }], [{ id: 2 }]]);
  expect(await all()).toEqual([1, 2]);
});

test('of statements sent together the first to fail says why, and nothing is left of any', async () => {
  const failing = withTransaction(pool, (client) => together(add(client, 3), add(client, 1), add(client, 4)));
  await expect(failing).rejects.toMatchObject({ code: '23505', constraint: 'things_pkey' });
  expect(await all()).toEqual([1, 2]);
  // The connection is as good as new.
  await withTransaction(pool, (client) => add(client, 5));
  expect(await all()).toEqual([1, 2, 5]);
});

test('the second is on its way before the first is answered', async () => {
  await withTransaction(pool, async (client) => {
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    const first = client.query('select 1');
    const sent = stream.bytesWritten;
    const second = client.query('select 2');
    expect(stream.bytesWritten).toBeGreaterThan(sent);
    await together(first, second);
  });
});
