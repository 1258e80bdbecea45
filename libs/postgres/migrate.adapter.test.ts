import { sql } from 'kysely';
import { startPostgres, type TestPostgres } from '../testing';
import {
  MigrationFailed,
  type Migrations,
  migrationStatus,
  rollbackMigration,
  runMigrations,
} from './migrate';
import { createPool, type Pool } from './pool';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let pools: Pool[] = [];
beforeAll(async () => {
  server = await startPostgres();
}, 180_000);
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  pools = [];
});
afterAll(() => server?.stop());

const instance = (url: string): Pool => {
  const pool = createPool({ url });
  pools.push(pool);
  return pool;
};

const counting = (): Migrations => ({
  '0001-first': {
    async up(db) {
      await sql`create table runs (id serial)`.execute(db);
      await sql`insert into runs default values`.execute(db);
      await sql`select pg_sleep(0.2)`.execute(db);
    },
    async down(db) {
      await sql`drop table runs`.execute(db);
    },
  },
  '0002-second': {
    async up(db) {
      await sql`insert into runs default values`.execute(db);
    },
    async down(db) {
      await sql`delete from runs where id = 2`.execute(db);
    },
  },
});

test('migrates once when two instances start at the same time, and seeds under the same lock', async () => {
  const url = await server.createDatabase();
  const [a, b] = [instance(url), instance(url)];
  let seeding = 0;
  const seed = async () => {
    expect(++seeding).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    seeding--;
  };
  const applied = await Promise.all(
    [a, b].map((pool) => runMigrations({ pool, migrations: counting(), lockId: 1 }, seed)),
  );

  expect(applied.flat().sort()).toEqual(['0001-first', '0002-second']);
  expect(applied.map((ids) => ids.length).sort()).toEqual([0, 2]);
  expect((await a.query('select count(*) from runs')).rows[0].count).toBe(2);
});

test('keeps the migrations before a failing one, leaves nothing of it, and does not try later ones', async () => {
  const pool = instance(await server.createDatabase());
  const migrations: Migrations = {
    ...counting(),
    '0003-broken': {
      async up(db) {
        await sql`create table half_done (id int)`.execute(db);
        await sql`select 1 / 0`.execute(db);
      },
      async down() {},
    },
    '0004-later': { async up() {}, async down() {} },
  };

  await expect(runMigrations({ pool, migrations, lockId: 1 })).rejects.toThrow(MigrationFailed);

  const status = await migrationStatus({ pool, migrations });
  expect(status.map(({ id, appliedAt }) => [id, appliedAt !== undefined])).toEqual([
    ['0001-first', true],
    ['0002-second', true],
    ['0003-broken', false],
    ['0004-later', false],
  ]);
  expect((await pool.query("select to_regclass('half_done') as found")).rows[0].found).toBeNull();
});

test('undoes only the newest applied migration', async () => {
  const pool = instance(await server.createDatabase());
  const options = { pool, migrations: counting(), lockId: 1 };
  await runMigrations(options);

  await expect(rollbackMigration(options, '0001-first')).rejects.toThrow(
    "only the newest applied one, '0002-second'",
  );
  await rollbackMigration(options, '0002-second');

  expect((await migrationStatus(options)).filter(({ appliedAt }) => appliedAt).map(({ id }) => id)).toEqual([
    '0001-first',
  ]);
});

test('waits for a database that is not there yet, and says so when it does not come', async () => {
  const pool = instance('postgres://nobody:secret@127.0.0.1:1/none');
  await expect(runMigrations({ pool, migrations: {}, lockId: 1, waitMs: 600 })).rejects.toThrow(
    'ECONNREFUSED',
  );
});
