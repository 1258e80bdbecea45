import { plainProgress } from '@platform/local/progress';
import { type Command, InvalidArgumentError } from 'commander';
import { podsOf } from '../pods';
import { type Reconciliation, renderReconciliation, verdictOf } from '../reconciliation';
import type { TargetOptions } from '../target';
import { targetOptions } from './stack';

const day = (text: string): string => {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('It is a day in UTC: YYYY-MM-DD.');
};

const yesterday = () => new Date(Date.now() - 24 * 3600 * 1000).toISOString().slice(0, 10);

export const addPaymentCommands = (program: Command) => {
  const payments = program.command('payments').description('The money of a running stack');
  targetOptions(
    payments
      .command('reconcile')
      .description(
        'Compare a day of the ledger with what the gateways say. Ends with 2 if they differ, 1 if one could not be asked',
      ),
  )
    .option('--date <YYYY-MM-DD>', 'the day, in UTC; yesterday unless told', day)
    .option('--json', 'one JSON document on stdout')
    .action(
      async ({ date = yesterday(), json, ...options }: TargetOptions & { date?: string; json?: boolean }) => {
        const pods = await podsOf(options, plainProgress);
        const found = await pods.run<Reconciliation>('payment', 'reconcile', date);
        const lines = json ? [JSON.stringify(found, null, 2)] : renderReconciliation(found);
        process.stdout.write(`${lines.join('\n')}\n`);
        process.exitCode = verdictOf(found);
      },
    );
};
