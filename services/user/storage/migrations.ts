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
};
