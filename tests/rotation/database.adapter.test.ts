// The SQL of a rotation, by psql on a real server, as the Jobs run it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { startPostgres, type TestPostgres } from '@platform/libs/testing';
import { Client } from 'pg';
import { databaseRole } from '../../infra/stacks/database';

jest.setTimeout(120_000);

const psql = join(process.env.ECP_POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin', 'psql');
const order = { name: 'order' };
let server: TestPostgres;
let open: Client[] = [];

const run = (script: string, env: Record<string, string>) =>
  new Promise<string>((resolve, reject) => {
    const file = join(__dirname, '../../infra/stacks', script);
    const args = ['--no-psqlrc', '--set=ON_ERROR_STOP=1', `--file=${file}`, server.url];
    execFile(psql, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr, { cause: error })) : resolve(stdout),
    );
  });

const letIn = (generation: number) =>
  run('database.sql', {
    SERVICE_DATABASE: 'order',
    SERVICE_ROLE: databaseRole(order, generation),
    SERVICE_PASSWORD: `password${generation}`,
  });
const shutOut = (generation: number) =>
  run('database-withdraw.sql', { WITHDRAWN_ROLE: databaseRole(order, generation) });

/** As the service of that generation. The test server asks no password, but knows who may log in. */
const login = async (generation: number) => {
  const { port } = new URL(server.url);
  const client = new Client({
    host: '127.0.0.1',
    port: Number(port),
    user: databaseRole(order, generation),
    database: 'order',
  });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  return client;
};

beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterEach(async () => {
  await Promise.all(open.map((client) => client.end().catch(() => undefined)));
  open = [];
});
afterAll(() => server?.stop());

test('each generation logs in with its own role and acts as the owner, so that nothing belongs to a role that goes', async () => {
  await letIn(1);
  const first = await login(1);
  await first.query('create table orders (id int)');
  await letIn(2);
  const second = await login(2);
  await second.query('insert into orders values (1)');
  await second.query('alter table orders add column total int');
  const { rows } = await second.query(
    `select current_user::text as me, tableowner::text as owner from pg_tables where tablename = 'orders'`,
  );
  expect(rows).toEqual([{ me: 'order', owner: 'order' }]);
  // Until it is withdrawn, the one before is not disturbed.
  expect((await first.query('select id from orders')).rows).toEqual([{ id: 1 }]);
});

test('a former role finishes what it is at, and may not come back', async () => {
  await letIn(1);
  await letIn(2);
  const last = await login(1);
  const withdrawal = shutOut(1);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await last.query('select 1');
  await last.end();
  expect(await withdrawal).toContain('sessions ended: 0');
  await expect(login(1)).rejects.toThrow(/not permitted to log in/);
  await login(2);
});

test('the same step again changes nothing, and the next but one generation has the first role again', async () => {
  await letIn(2);
  await letIn(2);
  await shutOut(1);
  await shutOut(1);
  await letIn(3);
  expect(databaseRole(order, 3)).toBe(databaseRole(order, 1));
  await login(3);
});

test('nobody logs in as the owner', async () => {
  await letIn(1);
  const { port } = new URL(server.url);
  const owner = new Client({ host: '127.0.0.1', port: Number(port), user: 'order', database: 'order' });
  await expect(owner.connect()).rejects.toThrow(/not permitted to log in/);
});
