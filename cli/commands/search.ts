import { plainProgress } from '@platform/local/progress';
import type { Command } from 'commander';
import { podsOf } from '../pods';
import { type Comparison, type Rebuilt, renderComparison, renderRebuilt } from '../search';
import type { TargetOptions } from '../target';
import { targetOptions } from './stack';

type Options = TargetOptions & { json?: boolean; repair?: boolean };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const answer = <T>(value: T, json: boolean | undefined, render: (value: T) => string): void =>
  say(json ? JSON.stringify(value, null, 2) : render(value));

export const addSearchCommands = (program: Command) => {
  const search = program.command('search').description('The index that products are searched in');

  targetOptions(
    search
      .command('rebuild')
      .description('Make it anew from the catalogue; searches use the old one until the new one is through'),
  )
    .option('--json', 'one JSON document on stdout')
    .action(async (options: Options) => {
      const pods = await podsOf(options, plainProgress);
      answer(await pods.run<Rebuilt>('product', 'search', 'rebuild'), options.json, renderRebuilt);
    });

  targetOptions(
    search
      .command('compare')
      .description('Compare it with the catalogue, product by product; ends with 1 if something differs'),
  )
    .option('--repair', 'bring what differs up to date')
    .option('--json', 'one JSON document on stdout')
    .action(async (options: Options) => {
      const pods = await podsOf(options, plainProgress);
      const args = ['search', 'compare', ...(options.repair ? ['--repair'] : [])];
      const found = await pods.run<Comparison>('product', ...args);
      answer(found, options.json, renderComparison);
      if (found.missing.length + found.stale.length + found.orphaned.length > 0) process.exitCode = 1;
    });
};
