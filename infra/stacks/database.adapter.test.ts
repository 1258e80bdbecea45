import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres, type TestPostgres } from '@platform/libs/testing';
import pg from 'pg';

jest.setTimeout(120_000);

const bin = process.env.ECP_POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin';
let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
  await query(server.url, 'CREATE ROLE platform LOGIN CREATEDB CREATEROLE');
});
afterAll(() => server.stop());

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const as = (user: string, database = 'postgres') => {
  const url = new URL(server.url);
  url.username = user;
  url.pathname = `/${database}`;
  return url.href;
};

const runScript = (user: string, service: string, role: string) =>
  promisify(execFile)(
    join(bin, 'psql'),
    ['--no-psqlrc', '--set=ON_ERROR_STOP=1', `--file=${join(__dirname, 'database.sql')}`, as(user)],
    {
      env: {
        ...process.env,
        SERVICE_DATABASE: service,
        SERVICE_ROLE: role,
        SERVICE_PASSWORD: 'Secret0Value',
      },
    },
  );

// RDS gives its administrator no more than this.
test.each([
  ['the superuser', 'postgres', 'order'],
  ['an administrator that is no superuser', 'platform', 'payment'],
])(
  '%s makes a database of which both roles act as the owner, as often as it likes',
  async (_who, user, service) => {
    await runScript(user, service, `${service}_a`);
    await runScript(user, service, `${service}_b`);
    await runScript(user, service, `${service}_b`);
    await query(as(`${service}_a`, service), 'CREATE TABLE made (id int)');
    await query(as(`${service}_b`, service), 'ALTER TABLE made ADD COLUMN more int');
    expect(await query(as(`${service}_b`, service), 'SELECT current_user::text, session_user::text')).toEqual(
      [{ current_user: service, session_user: `${service}_b` }],
    );
  },
);

test('a service cannot open the database of another', async () => {
  await expect(query(as('order_a', 'payment'), 'SELECT 1')).rejects.toThrow(/permission denied for database/);
});

test('says nothing of the password', async () => {
  const { stdout, stderr } = await runScript('platform', 'user', 'user_a');
  expect(stdout + stderr).not.toContain('Secret0Value');
});
