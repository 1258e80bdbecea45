import { createPool, type Pool } from '../postgres';
import { wholeTableReads } from './plans';
import { startPostgres, type TestPostgres } from './postgres';

jest.setTimeout(90_000);

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await pool.query('create table things (id int primary key, kind int, name text)');
  await pool.query("insert into things select n, n % 2, 'thing ' || n from generate_series(1, 20000) n");
  await pool.query('create index on things (kind)');
  await pool.query('create table few as select n from generate_series(1, 100) n');
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test.each<[string, string, unknown[], string[]]>([
  ['one row by its key', 'select * from things where id = $1', [7], []],
  ['a small table', 'select * from few where n = $1', [7], []],
  ['a large one', 'select * from things where name = $1', ['thing 7'], ['Seq Scan of things']],
  [
    'half of an index for one row',
    'select * from things where kind = $1 and name = $2 and id < 19999',
    [1, 'thing 7'],
    [expect.stringMatching(/Scan of things/)],
  ],
])('tells a search from a look at everything: %s', async (_what, text, values, expected) => {
  const read = (pool: Pool) => pool.query({ name: 'read', text, values });
  const found = await wholeTableReads(server.url, read);
  expect(found.map((line) => line.split(':')[0])).toEqual(expected);
});
