import {
  eventStoreMigration,
  eventStoreUpkeepMigration,
  subscriptionMigration,
} from '@platform/libs/eventstore';
import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { erasureMigration } from '@platform/libs/privacy';
import { type Kysely, sql } from 'kysely';
import { salesMigration } from './sales';

/** Any number of our own; see runMigrations. */
export const MIGRATION_LOCK = 3002;

export const migrations: Migrations = {
  '0001-event-store': eventStoreMigration,
  '0002-messaging': messagingMigration,
  '0003-orders': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table orders (
          id uuid primary key,
          customer_id text not null,
          status text not null check (status in ('pending', 'confirmed', 'cancelled')),
          view jsonb not null,
          due_at timestamptz
        )`.execute(db);
      // Ids sort by time, so this is "newest first" per customer.
      await sql`create index orders_of_customer on orders (customer_id, id desc)`.execute(db);
      await sql`create index orders_due on orders (due_at) where due_at is not null`.execute(db);
      await sql`
        create table placements (
          customer_id text not null,
          key text not null,
          request_hash text not null,
          answer jsonb not null,
          created_at timestamptz not null default now(),
          primary key (customer_id, key)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table placements`.execute(db);
      await sql`drop table orders`.execute(db);
    },
  },
  '0004-erasures': erasureMigration,
  '0005-event-store-upkeep': eventStoreUpkeepMigration,
  '0006-messaging-upkeep': messagingUpkeepMigration,
  '0010-checkpoints': subscriptionMigration,
  '0011-sales': salesMigration,
};
