import { createPool, type Pool, rollbackMigration, runMigrations, withTransaction } from '../postgres';
import { startPostgres, type TestPostgres } from '../testing';
import { messagingMigration, messagingUpkeepMigration } from '.';
import { createInboxPart, inboxPart, keepInbox } from './inbox';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const before = { '0001-messaging': messagingMigration };
const migrations = { ...before, '0002-upkeep': messagingUpkeepMigration };
const lockId = 1;

let server: TestPostgres;
let pool: Pool;
beforeAll(async () => {
  server = await startPostgres();
}, 180_000);
beforeEach(async () => {
  pool = createPool({ url: await server.createDatabase() });
});
afterEach(() => pool.end());
afterAll(() => server?.stop());

/** As the consumer does, and did before there were parts. @returns whether the id was new */
const record = async (id: string, db: Pick<Pool, 'query'> = pool): Promise<boolean> => {
  const { rowCount } = await db.query({
    name: 'inbox-record',
    text: 'insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing',
    values: ['group', id],
  });
  return rowCount === 1;
};
const monthsAgo = (count: number) => inboxPart(new Date(), -count);
const recordIn = (month: { from: Date }, id: string, db: Pick<Pool, 'query'> = pool) =>
  db.query('insert into inbox (consumer, event_id, received_at) values ($1, $2, $3)', [
    'group',
    id,
    month.from,
  ]);
const parts = async (): Promise<string[]> => {
  const { rows } = await pool.query(
    `select relname from pg_inherits join pg_class on oid = inhrelid where inhparent = 'inbox'::regclass order by 1`,
  );
  return rows.map(({ relname }) => relname);
};

test('is taken over by months while consumers of the version before go on writing', async () => {
  await runMigrations({ pool, migrations: before, lockId });
  let count = 0;
  let stopped = false;
  const old = Promise.all(
    Array.from({ length: 4 }, async (_, writer) => {
      while (!stopped) if (await record(`${writer}-${count}`)) count++;
    }),
  );
  while (count < 200) await new Promise((resolve) => setTimeout(resolve, 5));
  const copy = createPool({ url: pool.options.connectionString as string });
  await runMigrations({ pool: copy, migrations, lockId });
  const atTheChange = count;
  while (count < atTheChange + 200) await new Promise((resolve) => setTimeout(resolve, 5));
  stopped = true;
  await old;
  await copy.end();

  expect(await parts()).toEqual([inboxPart(new Date()).name, inboxPart(new Date(), 1).name]);
  const { rows } = await pool.query(
    'select count(*) as ids, count(distinct event_id) as different from inbox',
  );
  expect(rows).toEqual([{ ids: count, different: count }]);
});

test('goes back to one table with everything in it', async () => {
  await runMigrations({ pool, migrations, lockId });
  await recordIn(monthsAgo(1), 'earlier');
  await record('now');
  await rollbackMigration({ pool, migrations, lockId }, '0002-upkeep');
  expect([await record('earlier'), await record('now'), await record('new')]).toEqual([false, false, true]);
  await runMigrations({ pool, migrations, lockId });
  expect([await record('earlier'), await record('new')]).toEqual([false, false]);
});

describe('by months', () => {
  beforeEach(() => runMigrations({ pool, migrations, lockId }));

  test('knows an id whatever month it was received in', async () => {
    await recordIn(monthsAgo(1), 'twice');
    expect([await record('twice'), await record('once'), await record('once')]).toEqual([false, true, false]);
  });

  test('lets one of two in that come at the turn of a month, and the other if the first takes it back', async () => {
    const bothAt = async (id: string, end: 'commit' | 'rollback') => {
      const first = await pool.connect();
      await first.query('begin');
      await recordIn(monthsAgo(1), id, first);
      const second = withTransaction(pool, (client) => record(id, client));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await first.query(end);
      first.release();
      return second;
    };
    expect(await bothAt('kept', 'commit')).toBe(false);
    expect(await bothAt('taken-back', 'rollback')).toBe(true);
  });

  test('forgets by dropping whole months: no row is deleted, and what is younger stays', async () => {
    // What stood there before the change is in the part of its month, however old.
    await pool.query(`alter table inbox detach partition ${inboxPart(new Date()).name}`);
    await pool.query(`drop table ${inboxPart(new Date()).name}`);
    for (const month of [monthsAgo(3), monthsAgo(2), monthsAgo(1)]) {
      await pool.query(createInboxPart(month));
      await recordIn(month, month.name);
    }
    const dropped = await keepInbox(pool, 45);

    expect(dropped).toContain(monthsAgo(3).name);
    expect(dropped).not.toContain(monthsAgo(1).name);
    expect(await parts()).toEqual(
      expect.arrayContaining([inboxPart(new Date()).name, inboxPart(new Date(), 1).name]),
    );
    expect([await record(monthsAgo(3).name), await record(monthsAgo(1).name)]).toEqual([true, false]);
    // The file is gone, which no deletion of rows would do.
    const { rows } = await pool.query('select to_regclass($1) as found', [monthsAgo(3).name]);
    expect(rows[0].found).toBeNull();
  });

  test('is looked after by many instances at once', async () => {
    await pool.query(`drop table ${inboxPart(new Date(), 1).name}`);
    await Promise.all([1, 2, 3, 4].map(() => keepInbox(pool, 14)));
    expect(await parts()).toEqual([inboxPart(new Date()).name, inboxPart(new Date(), 1).name]);
  });

  test('asked about one month, reads that month only', async () => {
    const { from, to } = inboxPart(new Date(), 1);
    const { rows } = await pool.query(
      `explain select * from inbox where received_at >= '${from.toISOString()}' and received_at < '${to.toISOString()}'`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain(inboxPart(new Date(), 1).name);
    expect(plan).not.toContain(inboxPart(new Date()).name);
  });
});

test('the outbox is vacuumed as a queue, however much waits in it', async () => {
  await runMigrations({ pool, migrations, lockId });
  const { rows } = await pool.query("select reloptions from pg_class where relname = 'outbox'");
  expect(rows[0].reloptions).toEqual([
    'autovacuum_vacuum_scale_factor=0',
    'autovacuum_vacuum_threshold=1000',
    'autovacuum_vacuum_cost_delay=0',
  ]);
});
