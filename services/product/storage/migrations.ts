import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { type Kysely, sql } from 'kysely';

export const MIGRATION_LOCK = 3001;

const SEARCH_INDEXES = ['products_search', 'products_name_trigrams'];

export const migrations: Migrations = {
  '0001-messaging': messagingMigration,
  '0002-products': {
    async up(db: Kysely<unknown>) {
      await sql`create extension if not exists pg_trgm`.execute(db);
      await sql`
        create table products (
          id text primary key,
          sku text not null unique,
          name text not null,
          description text not null,
          category text not null,
          price_amount integer not null check (price_amount >= 0),
          price_currency text not null check (price_currency ~ '^[A-Z]{3}$'),
          available integer not null check (available >= 0),
          search tsvector not null generated always as (
            setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')) stored,
          updated_at timestamptz not null default now()
        )`.execute(db);
      await sql`create index products_by_category on products (category, id)`.execute(db);
      await sql`create index products_search on products using gin (search)`.execute(db);
      await sql`create index products_name_trigrams on products using gin (name gin_trgm_ops)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table products`.execute(db);
    },
  },
  '0003-reservations': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table reservations (
          order_id text primary key,
          status text not null check (status in ('reserved', 'rejected', 'released')),
          reason text,
          product_ids text[] not null default '{}',
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`.execute(db);
      await sql`
        create table reservation_lines (
          order_id text not null references reservations (order_id),
          product_id text not null references products (id),
          quantity integer not null check (quantity > 0),
          primary key (order_id, product_id)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table reservation_lines`.execute(db);
      await sql`drop table reservations`.execute(db);
    },
  },
  '0004-messaging-upkeep': messagingUpkeepMigration,
  '0005-products-upkeep': {
    async up(db: Kysely<unknown>) {
      // Room on every page: a change of stock then stays on it and touches none of the indexes.
      await sql`alter table products set (fillfactor = 80)`.execute(db);
      // Every search reads what waits to be indexed, and beyond some of it the planner rather reads the whole table.
      for (const index of SEARCH_INDEXES)
        await sql`alter index ${sql.id(index)} set (gin_pending_list_limit = 256)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`alter table products reset (fillfactor)`.execute(db);
      for (const index of SEARCH_INDEXES)
        await sql`alter index ${sql.id(index)} reset (gin_pending_list_limit)`.execute(db);
    },
  },
  // Stock belongs to inventory now. The tables of 0003 stay until no version that reserves here can come back: the colour of the version
  // before still writes them, and what they hold open is to be looked up (docs/adr/0021-inventory.md).
  '0006-stock-version': {
    async up(db: Kysely<unknown>) {
      await sql`alter table products add column stock_version integer not null default 0`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`alter table products drop column stock_version`.execute(db);
    },
  },
  '0007-product-versions': {
    async up(db: Kysely<unknown>) {
      await sql`alter table products add column version integer not null default 1`.execute(db);
      // What orders once reserved outlives the product: a line of it that is given back finds none, and that is all.
      await sql`alter table if exists reservation_lines
                drop constraint if exists reservation_lines_product_id_fkey`.execute(db);
      await sql`
        create table product_creations (
          key text primary key,
          request_hash text not null,
          answer jsonb not null,
          created_at timestamptz not null default now()
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table product_creations`.execute(db);
      await sql`alter table if exists reservation_lines add constraint reservation_lines_product_id_fkey
                foreign key (product_id) references products (id) not valid`.execute(db);
      await sql`alter table products drop column version`.execute(db);
    },
  },
  '0008-search-generations': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table search_generations (
          id integer primary key generated always as identity,
          state text not null check (state in ('filling', 'following', 'live', 'retired')),
          started_at timestamptz not null default now()
        )`.execute(db);
      await sql`create unique index search_generations_live on search_generations (state)
                where state = 'live'`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      const { rows } = await sql<{ id: number }>`select id from search_generations`.execute(db);
      for (const { id } of rows)
        await sql`drop table if exists ${sql.id(`product_search_${id}`)}`.execute(db);
      await sql`drop table search_generations`.execute(db);
    },
  },
};
