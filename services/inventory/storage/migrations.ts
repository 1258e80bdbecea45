import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { type Kysely, sql } from 'kysely';

/** Any number of our own; see runMigrations. */
export const MIGRATION_LOCK = 3006;

export const migrations: Migrations = {
  '0001-messaging': messagingMigration,
  '0002-messaging-upkeep': messagingUpkeepMigration,
  '0003-stock': {
    async up(db: Kysely<unknown>) {
      // Room on every page: a change of stock then stays on it. `low` is a column of its own, because an index on figures that change
      // with every order would have to be written with every order.
      await sql`
        create table stock_items (
          product_id text primary key,
          stock integer not null,
          held integer not null default 0 check (held >= 0),
          threshold integer not null default 0 check (threshold >= 0),
          version integer not null default 1,
          low boolean not null generated always as (stock - held <= threshold) stored,
          updated_at timestamptz not null default now(),
          constraint held_is_on_hand check (held <= stock)
        ) with (fillfactor = 80)`.execute(db);
      await sql`create index stock_items_low on stock_items (product_id) where low`.execute(db);
      await sql`
        create table adjustments (
          actor_id text not null,
          key text not null,
          request_hash text not null,
          product_id text not null references stock_items (product_id),
          change integer not null,
          reason text not null,
          answer jsonb not null,
          created_at timestamptz not null default now(),
          primary key (actor_id, key)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table adjustments`.execute(db);
      await sql`drop table stock_items`.execute(db);
    },
  },
  '0004-reservations': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table reservations (
          order_id uuid primary key,
          status text not null
            check (status in ('reserved', 'rejected', 'released', 'expired', 'sold', 'sold-late')),
          reason text,
          product_ids text[] not null default '{}',
          expires_at timestamptz,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint what_is_held_ends check ((status = 'reserved') = (expires_at is not null))
        )`.execute(db);
      await sql`
        create index reservations_open on reservations (expires_at) where status = 'reserved'`.execute(db);
      // No reference to the item: what is sold late need not be known here.
      await sql`
        create table reservation_lines (
          order_id uuid not null references reservations (order_id),
          product_id text not null,
          quantity integer not null check (quantity > 0),
          short integer not null default 0 check (short between 0 and quantity),
          primary key (order_id, product_id)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table reservation_lines`.execute(db);
      await sql`drop table reservations`.execute(db);
    },
  },
};
