import { plainProgress } from '@platform/local/progress';
import type { Command } from 'commander';
import { chooseEngine } from '../engines';
import { rotate, secretsOf } from '../rotation';
import { resolveTarget, type TargetOptions } from '../target';
import { targetOptions } from './stack';

export const addSecretCommands = (program: Command) => {
  const secrets = program
    .command('secrets')
    .description('The passwords and keys of a stack; never their values');

  targetOptions(
    secrets
      .command('list')
      .description('Each with its source, its generation and who is rolled when it changes'),
  )
    .option('--json', 'one JSON document on stdout')
    .action(async (options: TargetOptions & { json?: boolean }) => {
      const found = await secretsOf(await chooseEngine(options.engine), resolveTarget(options));
      if (options.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      else {
        for (const [name, { source, generation, usedBy }] of Object.entries(found)) {
          const columns = [name.padEnd(28), source.padEnd(11), String(generation).padEnd(6)];
          process.stdout.write(`${columns.join('')}${usedBy.join(', ') || '-'}\n`);
        }
      }
    });

  targetOptions(
    secrets
      .command('rotate')
      .argument('<name>', 'as `list` shows it')
      .description(
        'Make one anew without downtime: let the new value in, roll who uses it, shut the old one out',
      ),
  ).action(async (name: string, options: TargetOptions) => {
    process.exitCode = await rotate(options, name, plainProgress);
  });
};
