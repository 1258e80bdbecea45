import { type Kysely, sql } from 'kysely';
import { createInboxPart, inboxPart } from './inbox';

/** Outbox and inbox, to be listed among a service's migrations, and `messagingUpkeepMigration` after it. */
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

/**
 * The inbox in parts by month, so that old ids go by dropping a part, and an outbox that is vacuumed as the queue it is.
 *
 * Nothing is copied: what is there becomes this month's part as it stands. A key over all parts would have to contain the
 * time, and an event that comes again comes later; so a trigger looks for the id everywhere, one transaction per id at a
 * time. Pods that still run the version before go on writing as they did.
 */
export const messagingUpkeepMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Rows live for milliseconds: a share of the table says nothing, and while the broker is away it grows.
    await sql`
      alter table outbox set (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
      )`.execute(db);
    const now = await databaseTime(db);
    const current = inboxPart(now);
    await sql`drop index inbox_received_at`.execute(db);
    await sql`alter table inbox rename to ${sql.id(current.name)}`.execute(db);
    await sql`alter index inbox_pkey rename to ${sql.id(`${current.name}_pkey`)}`.execute(db);
    await sql`
      create table inbox (
        consumer text not null,
        event_id text not null,
        received_at timestamptz not null default now()
      ) partition by range (received_at)`.execute(db);
    await sql`
      alter table inbox attach partition ${sql.id(current.name)}
      for values from (minvalue) to (${sql.lit(current.to.toISOString())})`.execute(db);
    await sql.raw(createInboxPart(inboxPart(now, 1))).execute(db);
    await sql`
      create function inbox_once() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock(hashtextextended(new.consumer || ' ' || new.event_id, 7204119));
        if exists (select from inbox where consumer = new.consumer and event_id = new.event_id) then
          return null;
        end if;
        return new;
      end $$`.execute(db);
    await sql`create trigger inbox_once before insert on inbox for each row execute function inbox_once()`.execute(
      db,
    );
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`lock table inbox in access exclusive mode`.execute(db);
    await sql`create table inbox_whole (like inbox including defaults)`.execute(db);
    await sql`insert into inbox_whole select * from inbox`.execute(db);
    await sql`drop table inbox`.execute(db);
    await sql`drop function inbox_once`.execute(db);
    await sql`alter table inbox_whole rename to inbox`.execute(db);
    await sql`alter table inbox add primary key (consumer, event_id)`.execute(db);
    await sql`create index inbox_received_at on inbox (received_at)`.execute(db);
    await sql`
      alter table outbox reset (
        autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay
      )`.execute(db);
  },
};

async function databaseTime(db: Kysely<unknown>): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now()`.execute(db);
  return rows[0]!.now;
}
