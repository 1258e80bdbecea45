import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { messagingUpkeepMigration } from '../../libs/messaging';
import { concurrentIndex, type Migration, type Migrations } from '../../libs/postgres';
import { problemsIn } from './migration-rules';

const services = join(__dirname, '../../services');
const found: [string, Migrations][] = readdirSync(services)
  .filter((name) => existsSync(join(services, name, 'storage/migrations.ts')))
  .map((name) => [name, require(join(services, name, 'storage/migrations.ts')).migrations]);

/** They were applied before there were these rules, and each works beside the version before it. */
const older: Record<string, string[]> = {
  // Two branches met: 0007 to 0009 never were.
  order: ['0010-checkpoints'],
  payment: ['0005-payments-of-customer'],
  user: ['0008-admins'],
};
/** They drop a constraint that no version asks of the database: what the version before writes fits as it did. */
const looser: Record<string, string[]> = { product: ['0007-product-versions'] };
/** The inbox in parts stays writable under its name, for the version before too: libs/messaging tests it. */
const exemptIn = (name: string, all: Migrations): string[] => [
  ...Object.keys(all).filter((id) => all[id] === messagingUpkeepMigration),
  ...(older[name] ?? []),
  ...(looser[name] ?? []),
];

describe('the migrations', () => {
  it.each(found)(
    'of %s are in order, and do nothing that the version before cannot bear',
    async (name, all) => {
      expect(await problemsIn(all, exemptIn(name, all))).toEqual([]);
    },
  );

  it.each(found)('of %s that are exempt would be refused', async (name, all) => {
    const refused = (await problemsIn(all)).map((problem) => problem.split(':')[0]);
    expect([...new Set(refused)]).toEqual(exemptIn(name, all).sort());
  });
});

const sends = (statement: string, more: Partial<Migration> = {}): Migration => ({
  async up(db) {
    await sql.raw(statement).execute(db);
  },
  async down(db) {
    await sql`select 1`.execute(db);
  },
  ...more,
});

describe('a migration is refused', () => {
  it.each([
    ['drop table orders', 'takes away'],
    ['alter table orders drop column note', 'takes away'],
    ['alter table orders drop constraint orders_check', 'takes away'],
    ['alter table orders rename column a to b', 'renames'],
    ['alter index a rename to b', 'renames'],
    ['alter table orders alter column total type bigint', 'changes a type'],
    ['ALTER TABLE "orders"\n  ALTER "total" SET DATA TYPE bigint', 'changes a type'],
    ['alter table orders alter column note set not null', 'demands a value'],
    ['alter table orders add column note text not null', 'demands a value'],
    ['alter table a add column b numeric(9, 2) not null, add column c int default 0', 'demands a value'],
  ])('that expands with: %s', async (statement, why) => {
    expect(await problemsIn({ '0001-x': sends(statement) })).toEqual([
      expect.stringMatching(`^0001-x: ${why}, so it is phase: 'contract'`),
    ]);
    expect(await problemsIn({ '0001-x': sends(statement, { phase: 'contract' }) })).toEqual([]);
  });

  it.each([
    'create index a on orders (id)',
    'create unique index a on only orders using btree (id)',
    'create index on orders (id)',
  ])('that locks a table with: %s', async (statement) => {
    expect(await problemsIn({ '0001-x': sends(statement) })).toEqual([
      expect.stringContaining('use concurrentIndex'),
    ]);
  });

  it('that is to run concurrently in a transaction, or could not be run again', async () => {
    expect(
      await problemsIn({ '0001-x': sends('create index concurrently if not exists a on orders (id)') }),
    ).toEqual([expect.stringContaining('so it is concurrent: true')]);
    expect(
      await problemsIn({
        '0001-x': sends('create index concurrently a on orders (id)', { concurrent: true }),
      }),
    ).toEqual([expect.stringContaining("no 'if not exists'")]);
  });

  it('whose number leaves a gap, comes twice or is none, and one that does nothing', async () => {
    const one = sends('select 1');
    expect(await problemsIn({ '0001-a': one, '0003-b': one, '0003-c': one, '0004_d': one })).toEqual([
      '0003-b: its number is not the one after 1',
      '0003-c: its number is not the one after 3',
      '0004_d: its number is not the one after 3',
    ]);
    expect(await problemsIn({ '0001-a': { async up() {}, async down() {} } })).toEqual([
      '0001-a: does nothing',
      '0001-a: its way back does nothing: say why it is irreversible',
    ]);
  });
});

describe('a migration may', () => {
  it.each([
    "create table a (id text not null, kind text check (kind in ('drop table', 'set not null')))",
    'alter table orders add column note text',
    "alter table orders add column note text not null default ''",
    'alter table a add column b numeric(9, 2), add column c int not null default 0',
    'create function f() returns trigger language plpgsql as $$ begin drop table x; end $$',
  ])('expand with: %s', async (statement) => {
    expect(await problemsIn({ '0001-x': sends(statement) })).toEqual([]);
  });

  it('index the table it makes, and any other with concurrentIndex', async () => {
    const table: Migration = {
      async up(db) {
        await sql`create table a (id text)`.execute(db);
        await sql`create index a_id on a (id)`.execute(db);
      },
      irreversible: 'for this test',
    };
    const index = concurrentIndex('orders_of', 'on orders (customer_id)');
    expect(await problemsIn({ '0001-table': table, '0002-index': index })).toEqual([]);
  });
});
