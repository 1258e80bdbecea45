import { type Pool, withTransaction } from '../postgres';

/** One month of the inbox: `inbox_2026_07` holds what was received from `from` until before `to`, and ends with July. */
export interface InboxPart {
  name: string;
  from: Date;
  to: Date;
}

const monthOf = (at: Date, later = 0): Date =>
  new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later, 1));

/** The part that `at` falls into, or one of the months after it. */
export function inboxPart(at: Date, later = 0): InboxPart {
  const from = monthOf(at, later);
  const month = String(from.getUTCMonth() + 1).padStart(2, '0');
  return { name: `inbox_${from.getUTCFullYear()}_${month}`, from, to: monthOf(from, 1) };
}

const PART_NAME = /^inbox_(\d{4})_(\d{2})$/;

/** Parts that have to be made (this month and the next), and those in which everything is older than `days`. */
export function inboxParts(
  existing: string[],
  now: Date,
  days: number,
): { missing: InboxPart[]; expired: string[] } {
  const oldest = new Date(now.getTime() - days * 86_400_000);
  return {
    missing: [inboxPart(now), inboxPart(now, 1)].filter(({ name }) => !existing.includes(name)),
    expired: existing.filter((name) => {
      const [, year, month] = PART_NAME.exec(name) ?? [];
      return (
        year !== undefined && inboxPart(new Date(Date.UTC(Number(year), Number(month) - 1))).to <= oldest
      );
    }),
  };
}

/** Ids are unique within a part by its key, and over all parts by the trigger. */
export const createInboxPart = ({ name, from, to }: InboxPart): string =>
  `create table ${name} partition of inbox (primary key (consumer, event_id))
   for values from ('${from.toISOString()}') to ('${to.toISOString()}')`;

/** Any number of our own: of several instances one looks after the parts. */
const INBOX_LOCK = 7_204_119;

/**
 * Makes the parts that are needed next and drops those in which every id is older than `days`: ids are remembered for
 * that long, and up to a month longer. May run at any time, any number of times.
 * @returns the names of what was dropped.
 */
export async function keepInbox(pool: Pool, days: number): Promise<string[]> {
  return withTransaction(pool, async (client) => {
    // Whoever wants to write waits behind us: better give up, and come again in an hour.
    await client.query("set local lock_timeout = '2s'");
    await client.query('select pg_advisory_xact_lock($1)', [INBOX_LOCK]);
    const { rows } = await client.query<{ now: Date; names: string[] }>(
      `select now(), array(select relname::text from pg_inherits join pg_class on pg_class.oid = inhrelid
                           where inhparent = 'inbox'::regclass) as names`,
    );
    const { now, names } = rows[0]!;
    const { missing, expired } = inboxParts(names, now, days);
    for (const part of missing) await client.query(createInboxPart(part));
    for (const name of expired) await client.query(`drop table ${name}`);
    return expired;
  });
}
