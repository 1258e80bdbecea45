import { type Kysely, sql } from 'kysely';
import { type Pool, type PoolClient, withTransaction } from '../postgres';
import type { Logger } from '../telemetry';

/** To be listed among a service's migrations. */
export const erasureMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table erasures (
        person_id text primary key,
        pseudonym uuid not null default gen_random_uuid(),
        requested_at timestamptz not null default now()
      )`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop table erasures`.execute(db);
  },
};

export interface ErasuresOptions {
  pool: Pool;
  /**
   * Puts `pseudonym` in the place of the person wherever the service keeps them, in the transaction of `client`.
   * @returns false while something is still going on that needs the person.
   */
  forget: (client: PoolClient, personId: string, pseudonym: string) => Promise<boolean>;
  logger: Logger;
  /** ms between two looks; 5000 unless told. */
  everyMs?: number;
  /**
   * ms for which a person is looked for again after the request, and the pseudonym remembered for it; an hour unless
   * told, longer than access tokens and messages on their way live.
   */
  lingerMs?: number;
}

export interface Erasures {
  /** In the transaction that also records that the request was received. */
  request(client: PoolClient, personId: string): Promise<void>;
  /** Forgets whoever can be forgotten. Afterwards nothing ties the pseudonym to the person. */
  carryOut(): Promise<void>;
  /** Carries out now and then. @returns what stops it. */
  start(): () => Promise<void>;
}

/**
 * What a service must keep by law stays, without a tie to a person: each person becomes a random pseudonym, and the
 * one record that ties both together is deleted once nothing more can come.
 */
export function createErasures(options: ErasuresOptions): Erasures {
  const { pool, forget, logger, everyMs = 5000, lingerMs = 3_600_000 } = options;
  const carryOut = async (): Promise<void> => {
    const { rows } = await pool.query<{ person_id: string }>('select person_id from erasures');
    for (const { person_id } of rows) {
      await withTransaction(pool, async (client) => {
        const locked = await client.query<{ pseudonym: string; over: boolean }>(
          `select pseudonym, requested_at <= now() - $2 * interval '1 millisecond' as over
           from erasures where person_id = $1 for update skip locked`,
          [person_id, lingerMs],
        );
        const [erasure] = locked.rows;
        // Another instance is at it.
        if (!erasure) return;
        const done = await forget(client, person_id, erasure.pseudonym);
        if (done && erasure.over)
          await client.query('delete from erasures where person_id = $1', [person_id]);
      });
    }
  };
  return {
    async request(client, personId) {
      await client.query('insert into erasures (person_id) values ($1) on conflict do nothing', [personId]);
    },
    carryOut,
    start() {
      let running: Promise<void> | undefined;
      const timer = setInterval(() => {
        running ??= carryOut()
          .catch((error) => logger.warn({ err: error }, 'erasures could not be carried out yet'))
          .finally(() => {
            running = undefined;
          });
      }, everyMs);
      return async () => {
        clearInterval(timer);
        await running;
      };
    },
  };
}
