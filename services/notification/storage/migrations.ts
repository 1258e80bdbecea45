import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { erasureMigration } from '@platform/libs/privacy';
import { type Kysely, sql } from 'kysely';

/** Any number of our own; see runMigrations. */
export const MIGRATION_LOCK = 3007;

export const migrations: Migrations = {
  '0001-messaging': messagingMigration,
  '0002-erasures': erasureMigration,
  '0003-notifications': {
    async up(db: Kysely<unknown>) {
      // Whose an order is. `forgotten`: of somebody who was erased; nothing is told about it any more.
      await sql`
        create table orders (
          id uuid primary key,
          customer_id text,
          total jsonb,
          state text not null default 'open',
          forgotten boolean not null default false,
          seen_at timestamptz not null
        )`.execute(db);
      await sql`create index orders_of_customer on orders (customer_id)`.execute(db);
      await sql`create index orders_by_age on orders (seen_at)`.execute(db);
      // Pending without due_at: waits for something to be known.
      await sql`
        create table notifications (
          id uuid primary key,
          kind text not null,
          about text not null,
          recipient text,
          channel text not null,
          data jsonb not null,
          status text not null default 'pending',
          reason text,
          attempts integer not null default 0,
          due_at timestamptz,
          leased_until timestamptz,
          created_at timestamptz not null,
          sent_at timestamptz
        )`.execute(db);
      await sql`create index notifications_due on notifications (due_at) where due_at is not null`.execute(
        db,
      );
      await sql`create index notifications_about on notifications (about)`.execute(db);
      await sql`
        create index notifications_of_recipient on notifications (recipient, created_at, id)`.execute(db);
      await sql`create index notifications_by_age on notifications (created_at)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table notifications`.execute(db);
      await sql`drop table orders`.execute(db);
    },
  },
  '0004-messaging-upkeep': messagingUpkeepMigration,
};
