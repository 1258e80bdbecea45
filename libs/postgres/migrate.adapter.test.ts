import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { startPostgres, type TestPostgres } from '../testing';
import {
  concurrentIndex,
  migrateBeforeStart,
  migrationStatus,
  rollbackMigration,
  runMigrations,
} from './migrate';
import type { Migrations } from './migration-plan';
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
const lockId = 1;
const appliedIds = async (pool: Pool, migrations: Migrations) =>
  (await migrationStatus({ pool, migrations })).migrations
    .filter(({ appliedAt }) => appliedAt)
    .map(({ id }) => id);
const exists = async (pool: Pool, name: string): Promise<boolean> =>
  (await pool.query('select to_regclass($1) is not null as found', [name])).rows[0].found;

const first: Migrations = {
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
};
const counting: Migrations = {
  ...first,
  '0002-second': {
    async up(db) {
      await sql`insert into runs default values`.execute(db);
    },
    async down(db) {
      await sql`delete from runs where id = 2`.execute(db);
    },
  },
};
const adding = (column: string, more: { phase?: 'contract'; lockTimeoutMs?: number } = {}) => ({
  ...more,
  async up(db: Parameters<Migrations[string]['up']>[0]) {
    await sql`alter table runs add column ${sql.id(column)} integer`.execute(db);
  },
  async down(db: Parameters<Migrations[string]['up']>[0]) {
    await sql`alter table runs drop column ${sql.id(column)}`.execute(db);
  },
});

describe('migrations', () => {
  it('run once when two instances start at the same time, and seed under the same lock', async () => {
    const url = await server.createDatabase();
    const [a, b] = [instance(url), instance(url)] as const;
    let seeding = 0;
    const seed = async () => {
      expect(++seeding).toBe(1);
      await sleep(100);
      seeding--;
    };
    const runs = await Promise.all(
      [a, b].map((pool) => runMigrations({ pool, migrations: counting, lockId }, seed)),
    );

    expect(runs.map(({ applied }) => applied.length).sort()).toEqual([0, 2]);
    expect(runs.flatMap(({ applied }) => applied)).toEqual(['0001-first', '0002-second']);
    expect((await a.query('select count(*) from runs')).rows[0].count).toBe(2);
  });

  it('stop at one that fails: those before stay, nothing of it is left, later ones are not tried', async () => {
    const pool = instance(await server.createDatabase());
    const migrations: Migrations = {
      ...counting,
      '0003-broken': {
        async up(db) {
          await sql`create table half_done (id int)`.execute(db);
          await sql`select 1 / 0`.execute(db);
        },
        async down() {},
      },
      '0004-later': { async up() {}, async down() {} },
    };

    await expect(runMigrations({ pool, migrations, lockId })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      retriable: false,
      message: "Migration '0003-broken' failed and was rolled back: division by zero",
      applied: ['0001-first', '0002-second'],
    });

    expect(await appliedIds(pool, migrations)).toEqual(['0001-first', '0002-second']);
    expect(await exists(pool, 'half_done')).toBe(false);
  });

  it('of the version before start although a newer version has migrated, and tell what they do not know', async () => {
    const pool = instance(await server.createDatabase());
    await runMigrations({ pool, migrations: counting, lockId });

    expect(await runMigrations({ pool, migrations: first, lockId })).toEqual({ applied: [], waiting: [] });
    const { migrations, unknown } = await migrationStatus({ pool, migrations: first });
    expect(migrations).toEqual([
      { id: '0001-first', phase: 'expand', concurrent: false, appliedAt: expect.any(Date) },
    ]);
    expect(unknown).toEqual([{ id: '0002-second', appliedAt: expect.any(Date) }]);
    expect(Math.abs(Date.now() - (unknown[0]?.appliedAt.getTime() ?? 0))).toBeLessThan(60_000);
  });

  it('are refused where one would come before what is applied', async () => {
    const pool = instance(await server.createDatabase());
    await runMigrations({ pool, migrations: counting, lockId });
    const late = { ...counting, '0001-later': adding('late') };
    await expect(runMigrations({ pool, migrations: late, lockId })).rejects.toMatchObject({
      code: 'MIGRATION_REFUSED',
      message: "Migration '0001-later' is pending, but '0002-second' after it is applied",
    });
  });

  it('take up what the migrator of earlier versions recorded', async () => {
    const pool = instance(await server.createDatabase());
    await pool.query('create table runs (id serial)');
    await pool.query(
      'create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null)',
    );
    await pool.query("insert into kysely_migration values ('0001-first', '2026-01-01T10:00:00.000Z')");

    expect((await runMigrations({ pool, migrations: counting, lockId })).applied).toEqual(['0002-second']);
    const { migrations } = await migrationStatus({ pool, migrations: counting });
    expect(migrations[0]?.appliedAt?.toISOString()).toBe('2026-01-01T10:00:00.000Z');
  });

  it('know nothing applied in a database that was never migrated, and leave nothing there by asking', async () => {
    const pool = instance(await server.createDatabase());
    expect(await appliedIds(pool, counting)).toEqual([]);
    expect(await exists(pool, 'kysely_migration')).toBe(false);
  });

  it('wait for a database that is not there yet, and say so when it does not come', async () => {
    const pool = instance('postgres://nobody:secret@127.0.0.1:1/none');
    await expect(runMigrations({ pool, migrations: {}, lockId, waitMs: 600 })).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});

describe('a rollback', () => {
  it('undoes the newest migration applied, and no other', async () => {
    const pool = instance(await server.createDatabase());
    const options = { pool, migrations: counting, lockId };
    await runMigrations(options);

    await expect(rollbackMigration(options, '0001-first')).rejects.toMatchObject({
      code: 'MIGRATION_REFUSED',
      message: "Migration '0001-first' cannot be undone: only the newest applied one can, '0002-second'",
      hint: "Undo what came after it first, the newest first: '0002-second'.",
    });
    expect((await pool.query('select count(*) from runs')).rows[0].count).toBe(2);
    await rollbackMigration(options, '0002-second');

    expect(await appliedIds(pool, counting)).toEqual(['0001-first']);
    expect((await pool.query('select count(*) from runs')).rows[0].count).toBe(1);
  });

  it('is refused for one that has no way back, and for one that only another version knows', async () => {
    const pool = instance(await server.createDatabase());
    const { up } = counting['0002-second'] as Migrations[string];
    const migrations: Migrations = { ...first, '0002-second': { up, irreversible: 'the rows are gone' } };
    await runMigrations({ pool, migrations, lockId });

    await expect(rollbackMigration({ pool, migrations, lockId }, '0002-second')).rejects.toThrow(
      "Migration '0002-second' has no way back: the rows are gone",
    );
    await expect(rollbackMigration({ pool, migrations: first, lockId }, '0002-second')).rejects.toThrow(
      "Migration '0002-second' is unknown to this version",
    );
    expect(await appliedIds(pool, migrations)).toEqual(['0001-first', '0002-second']);
  });

  it('that fails leaves all as it was', async () => {
    const pool = instance(await server.createDatabase());
    const migrations: Migrations = {
      ...first,
      '0002-second': {
        async up() {},
        async down(db) {
          await sql`drop table runs`.execute(db);
          await sql`select 1 / 0`.execute(db);
        },
      },
    };
    await runMigrations({ pool, migrations, lockId });
    await expect(rollbackMigration({ pool, migrations, lockId }, '0002-second')).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
    });
    expect(await exists(pool, 'runs')).toBe(true);
    expect(await appliedIds(pool, migrations)).toEqual(['0001-first', '0002-second']);
  });
});

describe('a contracting migration', () => {
  const contracting: Migrations = {
    ...first,
    '0002-expands': adding('a'),
    '0003-contracts': adding('b', { phase: 'contract' }),
  };
  const behind: Migrations = { ...contracting, '0004-expands': adding('c') };

  it('is left until it is asked for, with what stands behind it; what comes before is applied', async () => {
    const pool = instance(await server.createDatabase());
    await runMigrations({ pool, migrations: first, lockId });

    expect(await runMigrations({ pool, migrations: behind, lockId })).toEqual({
      applied: ['0002-expands'],
      waiting: ['0003-contracts', '0004-expands'],
    });
    expect(await runMigrations({ pool, migrations: behind, lockId, contract: true })).toEqual({
      applied: ['0003-contracts', '0004-expands'],
      waiting: [],
    });
  });

  it('does not keep an instance from starting, unless it needs what stands behind it', async () => {
    const pool = instance(await server.createDatabase());
    await runMigrations({ pool, migrations: first, lockId });
    let seeded = 0;
    const seed = async () => {
      seeded++;
    };
    await migrateBeforeStart({ pool, migrations: contracting, lockId }, seed);
    expect(seeded).toBe(1);
    await expect(migrateBeforeStart({ pool, migrations: behind, lockId }, seed)).rejects.toMatchObject({
      code: 'MIGRATION_REFUSED',
      message:
        "Migration '0003-contracts' contracts, so it is not applied at a start, and '0004-expands' waits behind it",
    });
    expect(seeded).toBe(1);
  });

  it('is applied at once to a database nobody served from yet, also if the first run failed half way', async () => {
    const fresh = instance(await server.createDatabase());
    await migrateBeforeStart({ pool: fresh, migrations: behind, lockId });
    expect(await appliedIds(fresh, behind)).toEqual(Object.keys(behind));

    const failed = instance(await server.createDatabase());
    const broken: Migrations = {
      ...behind,
      '0002-expands': {
        async up(db) {
          await sql`select 1 / 0`.execute(db);
        },
        async down() {},
      },
    };
    await expect(migrateBeforeStart({ pool: failed, migrations: broken, lockId })).rejects.toThrow('zero');
    await migrateBeforeStart({ pool: failed, migrations: behind, lockId });
    expect(await appliedIds(failed, behind)).toEqual(Object.keys(behind));
    // From then on somebody serves.
    const more = { ...behind, '0005-contracts': adding('d', { phase: 'contract' }) };
    expect((await runMigrations({ pool: failed, migrations: more, lockId })).waiting).toEqual([
      '0005-contracts',
    ]);
  });
});

describe('a lock that others hold', () => {
  const altering: Migrations = { ...first, '0002-alters': adding('a', { lockTimeoutMs: 100 }) };

  it('is waited for only so long that the shop goes on, several times, and then it is said', async () => {
    const url = await server.createDatabase();
    const [pool, other] = [instance(url), instance(url)] as const;
    await runMigrations({ pool, migrations: first, lockId });
    const holder = await other.connect();
    try {
      await holder.query('begin');
      await holder.query('select * from runs');

      const migrating = runMigrations({ pool, migrations: altering, lockId, attempts: 3, pauseMs: 100 });
      const refused = expect(migrating).rejects.toMatchObject({
        code: 'MIGRATION_LOCK_TIMEOUT',
        retriable: true,
        hint: expect.stringContaining('pg_stat_activity'),
      });
      // Readers come after the ALTER that waits, and get through all the same.
      await other.query('set statement_timeout = 2000');
      for (let i = 0; i < 20; i++) {
        await other.query('select count(*) from runs');
        await sleep(10);
      }
      await refused;
      expect(await appliedIds(pool, altering)).toEqual(['0001-first']);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
  });

  it('and give back meanwhile does not keep the migration from being applied', async () => {
    const url = await server.createDatabase();
    const [pool, other] = [instance(url), instance(url)] as const;
    await runMigrations({ pool, migrations: first, lockId });
    const holder = await other.connect();
    await holder.query('begin');
    await holder.query('select * from runs');
    const migrating = runMigrations({ pool, migrations: altering, lockId, attempts: 10, pauseMs: 100 });
    await sleep(300);
    await holder.query('commit');
    holder.release();
    expect((await migrating).applied).toEqual(['0002-alters']);
  });
});

describe('a concurrent index', () => {
  const indexed: Migrations = { ...first, '0002-index': concurrentIndex('runs_by_id', 'on runs (id)') };
  const isValid = async (pool: Pool) =>
    (
      await pool.query(
        "select indisvalid from pg_index where indexrelid = to_regclass('runs_by_id') and indrelid = 'runs'::regclass",
      )
    ).rows[0]?.indisvalid;

  it('is made while others write and another instance waits to migrate', async () => {
    const url = await server.createDatabase();
    const [pool, second, other] = [instance(url), instance(url), instance(url)] as const;
    await runMigrations({ pool, migrations: first, lockId });
    await pool.query('insert into runs select from generate_series(1, 50000)');
    let going = true;
    let slowest = 0;
    const writers = [0, 1].map(async () => {
      for (; going; await sleep(2)) {
        const began = Date.now();
        await other.query('insert into runs default values');
        slowest = Math.max(slowest, Date.now() - began);
      }
    });
    const runs = await Promise.all(
      [pool, second].map((one) => runMigrations({ pool: one, migrations: indexed, lockId })),
    );
    going = false;
    await Promise.all(writers);

    expect(runs.flatMap(({ applied }) => applied)).toEqual(['0002-index']);
    expect(await isValid(pool)).toBe(true);
    expect(slowest).toBeLessThan(5000);
    await rollbackMigration({ pool, migrations: indexed, lockId }, '0002-index');
    expect(await exists(pool, 'runs_by_id')).toBe(false);
  });

  it('that failed half way is told as that, dropped and made anew', async () => {
    const pool = instance(await server.createDatabase());
    const unique: Migrations = {
      ...counting,
      '0003-index': concurrentIndex('runs_by_id', 'on runs ((1))', { unique: true }),
    };
    await expect(runMigrations({ pool, migrations: unique, lockId })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining("'0003-index' failed half way, as it runs in no transaction"),
      applied: ['0001-first', '0002-second'],
    });
    expect(await isValid(pool)).toBe(false);

    await pool.query('delete from runs where id = 2');
    expect((await runMigrations({ pool, migrations: unique, lockId })).applied).toEqual(['0003-index']);
    expect(await isValid(pool)).toBe(true);
  });

  it('that was made but not recorded stays', async () => {
    const pool = instance(await server.createDatabase());
    await runMigrations({ pool, migrations: first, lockId });
    await pool.query('create index runs_by_id on runs (id)');
    expect((await runMigrations({ pool, migrations: indexed, lockId })).applied).toEqual(['0002-index']);
    expect(await isValid(pool)).toBe(true);
  });
});
