import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { erasureMigration } from '@platform/libs/privacy';
import { type Kysely, sql } from 'kysely';

/** Any number of our own; see runMigrations. */
export const MIGRATION_LOCK = 3008;

export const migrations: Migrations = {
  '0001-messaging': messagingMigration,
  '0002-messaging-upkeep': messagingUpkeepMigration,
  '0003-erasures': erasureMigration,
  '0004-carts': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table carts (
          customer_id text primary key,
          id uuid not null,
          version integer not null,
          items jsonb not null,
          touched_at timestamptz not null
        )`.execute(db);
      await sql`create index carts_touched on carts (touched_at)`.execute(db);
      // json, not jsonb: what is asked and answered again is the same to the last byte.
      await sql`
        create table checkouts (
          customer_id text not null references carts on delete cascade,
          key text not null,
          request_hash text not null,
          order_key text not null,
          status text not null check (status in ('asked', 'placed', 'refused')),
          request json,
          answer json,
          turn integer not null default 0,
          under_way_until timestamptz,
          created_at timestamptz not null,
          primary key (customer_id, key)
        )`.execute(db);
      await sql`create index checkouts_decided on checkouts (created_at) where status <> 'asked'`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table checkouts`.execute(db);
      await sql`drop table carts`.execute(db);
    },
  },
};
