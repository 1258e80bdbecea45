import { eventStoreMigration, eventStoreUpkeepMigration } from '@platform/libs/eventstore';
import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { erasureMigration } from '@platform/libs/privacy';
import { type Kysely, sql } from 'kysely';

/** Any number of our own; see runMigrations. */
export const MIGRATION_LOCK = 3004;

export const migrations: Migrations = {
  '0001-event-store': eventStoreMigration,
  '0002-messaging': messagingMigration,
  '0003-payments': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table payments (
          id uuid primary key,
          order_id uuid not null unique,
          customer_id text not null,
          view jsonb not null,
          due_at timestamptz,
          leased_until timestamptz
        )`.execute(db);
      await sql`create index payments_due on payments (due_at) where due_at is not null`.execute(db);
      await sql`
        create table gateway_notifications (
          gateway text not null,
          event_id text not null,
          received_at timestamptz not null default now(),
          primary key (gateway, event_id)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table gateway_notifications`.execute(db);
      await sql`drop table payments`.execute(db);
    },
  },
  '0004-erasures': erasureMigration,
  '0005-payments-of-customer': {
    async up(db: Kysely<unknown>) {
      await sql`create index payments_of_customer on payments (customer_id)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop index payments_of_customer`.execute(db);
    },
  },
  '0006-event-store-upkeep': eventStoreUpkeepMigration,
  '0007-messaging-upkeep': messagingUpkeepMigration,
  '0008-ledger': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table ledger_postings (
          payment_id uuid not null,
          version integer not null,
          line smallint not null,
          account text not null
            check (account in ('customer_receivable', 'gateway_clearing', 'revenue', 'refunds')),
          gateway text not null,
          amount bigint not null,
          currency text not null,
          reference text,
          booked_at timestamptz not null,
          primary key (payment_id, version, line)
        )`.execute(db);
      await sql`
        create index ledger_postings_of_gateway on ledger_postings (gateway, booked_at)
        where account = 'gateway_clearing'`.execute(db);
      // Up to which event a payment's postings are written: an instance of the version before writes none.
      await sql`alter table payments add column booked_version integer not null default 0`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`alter table payments drop column booked_version`.execute(db);
      await sql`drop table ledger_postings`.execute(db);
    },
  },
};
