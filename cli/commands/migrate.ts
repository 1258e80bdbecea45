import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '@platform/local/errors';
import { plainProgress } from '@platform/local/progress';
import { Argument, type Command } from 'commander';
import { withMigration } from '../migration-skeleton';
import { askMigrations, type MigrationRequest } from '../migrations';
import { podsOf } from '../pods';
import { projectDir, type TargetOptions } from '../target';
import { targetOptions } from './stack';

type Options = TargetOptions & { json?: boolean; contract?: boolean };
type Action = 'status' | 'up' | 'rollback' | 'new';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const writeNew = (service: string, name: string, { contract, json }: Options): void => {
  const file = join('services', service, 'storage', 'migrations.ts');
  const path = join(projectDir, file);
  if (!existsSync(path)) {
    throw new LocalError(`${service} has no ${file}`, {
      hint: 'Copy the one of a service that is alike; services/README.md shows where it belongs.',
    });
  }
  const { id, text } = withMigration(readFileSync(path, 'utf8'), name, { contract });
  writeFileSync(path, text);
  say(json ? JSON.stringify({ service, id, file }, null, 2) : `${id} begins in ${file}: write what it does`);
};

const requestOf = (
  action: Exclude<Action, 'new'>,
  value: string | undefined,
  { contract }: Options,
): MigrationRequest => {
  if (action !== 'rollback') return { action, contract };
  return { action, id: value as string };
};

const demandFitting = (action: Action, value: string | undefined, { contract }: Options): void => {
  const wanted = { rollback: 'the id of a migration', new: 'a name' }[action as string];
  const wrong = (message: string) =>
    new LocalError(message, { hint: 'See what there is: platform migrate --help' });
  if (wanted && value === undefined) throw wrong(`${action} wants ${wanted}`);
  if (!wanted && value !== undefined) throw wrong(`${action} takes nothing after it, so not '${value}'`);
  if (contract && action !== 'up' && action !== 'new') throw wrong(`${action} knows no --contract`);
};

export const addMigrateCommand = (program: Command) =>
  targetOptions(
    program
      .command('migrate')
      .argument('<service>', 'whose database')
      .addArgument(
        new Argument('<action>', 'see below').choices(['status', 'up', 'rollback', 'new'] satisfies Action[]),
      )
      .argument('[value]', 'the id for rollback, the name for new')
      .description('Migrations of a service: which are applied, apply, undo the newest, begin a new one'),
  )
    .option(
      '--contract',
      'up: also what takes away; refused while another version serves. new: one that does',
    )
    .option('--json', 'one JSON document on stdout')
    .addHelpText(
      'after',
      `
Actions, carried out in a pod of the newest version that runs:
  status        every migration in order: applied (when) or pending, and what another version applied
  up            apply what is pending, in order; stops before what contracts, unless --contract
  rollback ID   undo the newest applied one; any other is refused
  new NAME      begin the next migration in services/SERVICE/storage/migrations.ts

Ends with 0, with 2 if something failed or was refused, with 3 if up left migrations that wait for --contract.`,
    )
    .action(async (service: string, action: Action, value: string | undefined, options: Options) => {
      demandFitting(action, value, options);
      if (action === 'new') return writeNew(service, value as string, options);
      const pods = await podsOf(options, plainProgress);
      const request = requestOf(action, value, options);
      const { document, lines, error, exitCode } = await askMigrations(pods, service, request);
      if (options.json) say(JSON.stringify(document, null, 2));
      else for (const line of lines) say(line);
      if (error && !options.json) throw error;
      process.exitCode = exitCode;
    });
