import { sql } from 'kysely';
import { createPool, type Migrations, type Pool } from '../postgres';
import { startPostgres, type TestPostgres } from '../testing';
import { answerMigrations } from './migrations';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let pool: Pool;
beforeAll(async () => {
  server = await startPostgres();
  // As commands have it: no statement of theirs may take longer.
  pool = createPool({ url: await server.createDatabase(), statementTimeoutMs: 300 });
}, 180_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

const step = (statement: string, more: Partial<Migrations[string]> = {}): Migrations[string] => ({
  async up(db) {
    await sql.raw(statement).execute(db);
  },
  async down() {},
  ...more,
});
const expanding: Migrations = { '0001-a': step('create table a (id integer)') };
const all: Migrations = {
  ...expanding,
  '0002-slow': step('select pg_sleep(0.6)'),
  '0003-contracts': step('drop table a', { phase: 'contract' }),
};
const broken: Migrations = { ...expanding, '0002-b': step('select 1 / 0') };
const ask = (migrations: Migrations, ...args: string[]) =>
  answerMigrations({ pool, migrations, lockId: 1 }, args);

test('an operator can migrate step by step, and is told each time what is and what is not', async () => {
  expect(await ask(expanding, 'status')).toEqual({
    migrations: [{ id: '0001-a', phase: 'expand', concurrent: false, applied: null }],
    unknown: [],
  });
  expect(await ask(expanding, 'up')).toEqual({ applied: ['0001-a'], waiting: [] });
  expect(await ask(broken, 'up')).toEqual({
    applied: [],
    waiting: [],
    refused: {
      code: 'MIGRATION_FAILED',
      message: "Migration '0002-b' failed and was rolled back: division by zero",
      hint: expect.any(String),
      retriable: false,
    },
  });
  // Longer than other statements may take.
  expect(await ask(all, 'up')).toEqual({ applied: ['0002-slow'], waiting: ['0003-contracts'] });
  expect(await ask(all, 'up', '--contract')).toEqual({ applied: ['0003-contracts'], waiting: [] });
  expect(await ask(all, 'rollback', '0001-a')).toEqual({
    undone: [],
    refused: expect.objectContaining({ code: 'MIGRATION_REFUSED', retriable: false }),
  });
  expect(await ask(all, 'rollback', '0003-contracts')).toEqual({ undone: ['0003-contracts'] });
  expect(await ask(expanding, 'status')).toEqual({
    migrations: [{ id: '0001-a', phase: 'expand', concurrent: false, applied: expect.stringMatching(/Z$/) }],
    unknown: [{ id: '0002-slow', applied: expect.stringMatching(/^\d{4}-.*Z$/) }],
  });
});

test.each(['', 'down', 'status x', 'up x', 'rollback', 'rollback a b'])(
  "anything else is answered with how to ask: '%s'",
  async (asked) => {
    await expect(ask(all, ...asked.split(' ').filter(Boolean))).rejects.toMatchObject({
      code: 'COMMAND_REFUSED',
      message: 'Usage: migrations status | up [--contract] | rollback ID',
    });
  },
);
