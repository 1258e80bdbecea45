import { messagingMigration, messagingUpkeepMigration } from '@platform/libs/messaging';
import type { Migrations } from '@platform/libs/postgres';
import { type Kysely, sql } from 'kysely';

export const MIGRATION_LOCK = 3003;

export const migrations: Migrations = {
  '0001-users': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table users (
          id uuid primary key,
          email text not null constraint users_email unique,
          name text not null,
          roles text[] not null,
          password_hash text not null,
          created_at timestamptz not null default now()
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table users`.execute(db);
    },
  },
  '0002-messaging': messagingMigration,
  '0003-sessions': {
    async up(db: Kysely<unknown>) {
      await sql`alter table users add column locked_at timestamptz, add column erased_at timestamptz`.execute(
        db,
      );
      await sql`
        create table sessions (
          id uuid primary key,
          user_id uuid not null references users on delete cascade,
          methods text[] not null,
          client_id text,
          scopes text[],
          created_at timestamptz not null,
          last_used_at timestamptz not null,
          expires_at timestamptz not null,
          revoked_at timestamptz
        )`.execute(db);
      await sql`create index sessions_of_user on sessions (user_id, created_at desc)`.execute(db);
      await sql`create index sessions_expired on sessions (expires_at)`.execute(db);
      await sql`
        create table refresh_tokens (
          digest bytea primary key,
          session_id uuid not null references sessions on delete cascade,
          used_at timestamptz
        )`.execute(db);
      await sql`create index refresh_tokens_of_session on refresh_tokens (session_id)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table refresh_tokens`.execute(db);
      await sql`drop table sessions`.execute(db);
      await sql`alter table users drop column locked_at, drop column erased_at`.execute(db);
    },
  },
  '0004-second-factors': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table second_factors (
          user_id uuid primary key references users on delete cascade,
          sealed_secret bytea not null,
          confirmed boolean not null default false,
          last_step bigint not null default 0,
          failures integer not null default 0,
          failed_at timestamptz
        )`.execute(db);
      await sql`
        create table recovery_codes (
          user_id uuid not null references second_factors on delete cascade,
          digest bytea not null,
          used boolean not null default false,
          primary key (user_id, digest)
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table recovery_codes`.execute(db);
      await sql`drop table second_factors`.execute(db);
    },
  },
  '0005-oauth': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table clients (
          id text primary key,
          name text not null,
          secret_digest bytea,
          redirect_uris text[] not null,
          grants text[] not null,
          scopes text[] not null,
          created_at timestamptz not null default now()
        )`.execute(db);
      await sql`
        create table authorisation_codes (
          digest bytea primary key,
          client_id text not null references clients on delete cascade,
          user_id uuid not null references users on delete cascade,
          redirect_uri text not null,
          challenge text not null,
          scopes text[] not null,
          methods text[] not null,
          session_id uuid not null,
          expires_at timestamptz not null,
          used_at timestamptz
        )`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table authorisation_codes`.execute(db);
      await sql`drop table clients`.execute(db);
    },
  },
  '0006-audit': {
    async up(db: Kysely<unknown>) {
      await sql`
        create table audit (
          id bigint generated always as identity primary key,
          at timestamptz not null,
          actor text not null,
          action text not null,
          subject text not null,
          detail jsonb not null default '{}'
        )`.execute(db);
      await sql`create index audit_of_subject on audit (subject, id)`.execute(db);
      // Whoever gets hold of the service's password still cannot change what was done.
      await sql`
        create function audit_is_final() returns trigger language plpgsql as
        $$ begin raise exception 'audit records are never changed'; end $$`.execute(db);
      await sql`
        create trigger audit_is_final before update or delete or truncate on audit
        for each statement execute function audit_is_final()`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop table audit`.execute(db);
      await sql`drop function audit_is_final`.execute(db);
    },
  },
  '0007-messaging-upkeep': messagingUpkeepMigration,
  '0008-admins': {
    // Asked at every erasure and change of roles: is this the last of them?
    async up(db: Kysely<unknown>) {
      await sql`create index users_admins on users (id) where 'admin' = any(roles)`.execute(db);
    },
    async down(db: Kysely<unknown>) {
      await sql`drop index users_admins`.execute(db);
    },
  },
};
