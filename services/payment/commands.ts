import type { Pool } from '@platform/libs/postgres';
import { CommandRefused } from '@platform/libs/service';
import { z } from 'zod';
import { type ReconcilerDeps, reconcile } from './application/reconciliation';
import { clearingPostings, completeLedger, ledgerBalance } from './storage/ledger';

export interface ReconcileParts {
  pool: Pool;
  gateways: ReconcilerDeps['gateways'];
  args: string[];
  print?: (line: string) => void;
}

/** What the exit code says. */
const SAME = 0;
const NOT_CHECKED = 1;
const DIFFERENT = 2;

const show = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/**
 * `main.js reconcile YYYY-MM-DD`: compares a day (UTC) of the ledger with what the gateways say, and answers one JSON document.
 * @returns the exit code
 */
export async function reconcileCommand({ pool, gateways, args, print = show }: ReconcileParts) {
  const date = z.iso.date().safeParse(args[0]);
  if (!date.success || args.length > 1) {
    throw new CommandRefused('Usage: reconcile YYYY-MM-DD', 'It is a day in UTC.');
  }
  await completeLedger(pool);
  const found = await reconcile(date.data, {
    gateways,
    postings: (gateway, from, to) => clearingPostings(pool, gateway, from, to),
    balance: () => ledgerBalance(pool),
  });
  print(JSON.stringify(found));
  if (found.unbalanced.length > 0 || found.gateways.some(({ differences }) => differences.length > 0)) {
    return DIFFERENT;
  }
  return found.gateways.some(({ error }) => error !== undefined) ? NOT_CHECKED : SAME;
}
