import { type Pool, withTransaction } from '@platform/libs/postgres';
import type { Transaction } from '../application/ports';
import type { ClearingPosting } from '../application/reconciliation';
import { type Posting, postingsByVersion } from '../domain/ledger';
import { initialPayment } from '../domain/payment';
import { fromStored, streamOf } from './events';

/** Writes the postings of events, once however often it is called for them. */
export const savePostings = async (
  client: Transaction,
  paymentId: string,
  byVersion: { version: number; postings: Posting[] }[],
): Promise<void> => {
  const rows = byVersion.flatMap(({ version, postings }) =>
    postings.map((posting, line) => ({ version, line, ...posting })),
  );
  if (rows.length === 0) return;
  await client.query({
    name: 'save-postings',
    text: `insert into ledger_postings
             (payment_id, version, line, account, gateway, amount, currency, reference, booked_at)
           select $1, version, line, account, gateway, amount, currency, reference, at
           from jsonb_to_recordset($2::jsonb) as posting
             (version integer, line smallint, account text, gateway text, amount bigint, currency text, reference text,
              at timestamptz)
           on conflict do nothing`,
    values: [paymentId, JSON.stringify(rows)],
  });
};

/**
 * Writes the postings of payments whose events came from an instance that knew no ledger. @returns how many payments that were.
 */
export const completeLedger = async (pool: Pool): Promise<number> => {
  const { rows } = await pool.query<{ id: string }>(
    `select p.id from payments p
     where p.booked_version < (select max(version) from events where stream = 'payment-' || p.id)`,
  );
  for (const { id } of rows) {
    await withTransaction(pool, async (client) => {
      // Whoever changes the payment meanwhile waits here, and then books its own events.
      await client.query('select 1 from payments where id = $1 for update', [id]);
      const events = await client.query<{ type: string; data: unknown }>(
        'select type, data from events where stream = $1 order by version',
        [streamOf(id)],
      );
      const history = events.rows.map(fromStored);
      await savePostings(client, id, postingsByVersion(initialPayment, history, 1));
      await client.query('update payments set booked_version = $2 where id = $1', [id, history.length]);
    });
  }
  return rows.length;
};

export const clearingPostings = async (
  pool: Pool,
  gateway: string,
  from: string,
  to: string,
): Promise<ClearingPosting[]> => {
  const { rows } = await pool.query<{
    payment_id: string;
    reference: string;
    amount: string;
    currency: string;
    booked_at: Date;
  }>(
    `select payment_id, reference, amount::text, currency, booked_at from ledger_postings
     where account = 'gateway_clearing' and gateway = $1 and booked_at >= $2 and booked_at < $3
     order by booked_at, payment_id, version, line`,
    [gateway, from, to],
  );
  return rows.map((row) => ({
    paymentId: row.payment_id,
    reference: row.reference,
    amount: Number(row.amount),
    currency: row.currency,
    at: row.booked_at.toISOString(),
  }));
};

/** What all postings of a currency add up to: nothing, or the books are wrong. */
export const ledgerBalance = async (pool: Pool): Promise<{ currency: string; total: number }[]> => {
  const { rows } = await pool.query<{ currency: string; total: string }>(
    'select currency, sum(amount)::text as total from ledger_postings group by currency order by currency',
  );
  return rows.map(({ currency, total }) => ({ currency, total: Number(total) }));
};
