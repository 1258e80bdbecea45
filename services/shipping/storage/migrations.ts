import { eventStoreMigration, eventStoreUpkeepMigration } from '@platform/libs/eventstore';
import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { erasureMigration } from '@platform/libs/privacy';
import { type Kysely, sql } from 'kysely';

/** Any number of our own; see runMigrations. */
export const MIGRATION_LOCK = 3005;

export const migrations: Migrations = {
  '0001-event-store': eventStoreMigration,
  '0002-messaging': messagingMigration,
  '0003-erasures': erasureMigration,
  '0004-quotes': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table quote_requests (
          id uuid primary key,
          customer_id text not null,
          key text not null,
          request_hash text not null,
          address jsonb not null,
          items jsonb not null,
          answer jsonb not null,
          valid_until timestamptz not null,
          unique (customer_id, key)
        )`.execute(db);
      await sql`create index quote_requests_by_end on quote_requests (valid_until)`.execute(db);
      await sql`
        create table quotes (
          id uuid primary key,
          request_id uuid not null references quote_requests (id) on delete cascade,
          quote jsonb not null
        )`.execute(db);
      await sql`create index quotes_of_request on quotes (request_id)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table quotes`.execute(db);
      await sql`drop table quote_requests`.execute(db);
    },
  },
  '0005-shipments': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table shipments (
          id uuid primary key,
          order_id uuid not null unique,
          customer_id text not null,
          quote_id uuid,
          status text not null,
          view jsonb not null,
          due_at timestamptz,
          leased_until timestamptz,
          tracking_status text,
          tracked_at timestamptz,
          tracking_since timestamptz,
          tracking_quiet integer not null default 0,
          track_at timestamptz,
          track_leased_until timestamptz
        )`.execute(db);
      await sql`create index shipments_due on shipments (due_at) where due_at is not null`.execute(db);
      await sql`create index shipments_to_track on shipments (track_at) where track_at is not null`.execute(
        db,
      );
      await sql`create index shipments_of_customer on shipments (customer_id)`.execute(db);
      await sql`create index shipments_of_quote on shipments (quote_id)`.execute(db);
      await sql`
        create index shipments_unresolved on shipments (status)
        where status in ('unresolved', 'void-refused')`.execute(db);
      await sql`
        create table shipment_labels (
          shipment_id uuid not null references shipments (id) on delete cascade,
          parcel integer not null,
          tracking_number text not null,
          media_type text not null,
          bytes bytea not null check (octet_length(bytes) <= 2097152),
          primary key (shipment_id, parcel)
        )`.execute(db);
      await sql`
        create table tracking_events (
          shipment_id uuid not null references shipments (id) on delete cascade,
          at timestamptz not null,
          code text not null,
          status text not null,
          description text not null,
          primary key (shipment_id, at, code)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table tracking_events`.execute(db);
      await sql`drop table shipment_labels`.execute(db);
      await sql`drop table shipments`.execute(db);
    },
  },
  '0006-event-store-upkeep': eventStoreUpkeepMigration,
  '0007-messaging-upkeep': messagingUpkeepMigration,
};
