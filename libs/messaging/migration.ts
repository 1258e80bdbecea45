import { type Kysely, sql } from 'kysely';

/** Outbox and inbox, to be listed among a service's migrations. */
export const messagingMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table outbox (
        id bigint generated always as identity primary key,
        topic text not null,
        key text not null,
        event jsonb not null,
        created_at timestamptz not null default now(),
        refused text
      )`.execute(db);
    await sql`create index outbox_refused on outbox (topic, key, id) where refused is not null`.execute(db);
    await sql`
      create table inbox (
        consumer text not null,
        event_id text not null,
        received_at timestamptz not null default now(),
        primary key (consumer, event_id)
      )`.execute(db);
    await sql`create index inbox_received_at on inbox (received_at)`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop table outbox`.execute(db);
    await sql`drop table inbox`.execute(db);
  },
};
