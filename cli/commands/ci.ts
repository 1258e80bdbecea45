import { readFileSync } from 'node:fs';
import { LocalError } from '@platform/local/errors';
import { plainProgress } from '@platform/local/progress';
import { type Command, InvalidArgumentError } from 'commander';
import { upsertComment } from '../ci/comment';
import { pullRequest } from '../ci/pull-request';
import { smoke } from '../smoke';

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Use the number of a pull request.');
  return Number(text);
};

const fromEnvironment = (name: string): string => {
  const value = process.env[name];
  if (value) return value;
  throw new LocalError(`${name} is not set`, { hint: 'In a workflow, pass it to the step under env.' });
};

export const addCiCommands = (program: Command) => {
  const ci = program.command('ci').description('What the workflows in .github/ run');

  ci.command('pull-request')
    .description(
      'Compare every environment with the base, judged by the policies; writes comment.md, preview.json',
    )
    .requiredOption('--base <revision>', 'what the change is to be merged into')
    .requiredOption('--out <dir>', 'folder for the files')
    .action(async (options: { base: string; out: string }) => {
      const { exitCode, files } = await pullRequest(options, plainProgress);
      for (const file of files) process.stdout.write(`${file}\n`);
      process.exitCode = exitCode;
    });

  program
    .command('smoke')
    .description('Ask a running shop through its front door whether it is well; reads only')
    .option('--address <url>', 'front door of the shop', 'http://127.0.0.1:8080')
    .action(async ({ address }: { address: string }) => {
      for (const line of await smoke(address)) process.stdout.write(`${line}\n`);
    });

  ci.command('comment')
    .description(
      'Put comment.md on a pull request, in place of the one before (GITHUB_TOKEN, GITHUB_REPOSITORY)',
    )
    .requiredOption('--file <file>', 'the comment')
    .requiredOption('--pull-request <number>', 'on which one', wholeNumber)
    .action(async (options: { file: string; pullRequest: number }) => {
      const address = await upsertComment({
        api: process.env.GITHUB_API_URL ?? 'https://api.github.com',
        repository: fromEnvironment('GITHUB_REPOSITORY'),
        token: fromEnvironment('GITHUB_TOKEN'),
        pullRequest: options.pullRequest,
        body: readFileSync(options.file, 'utf8'),
      });
      process.stdout.write(`${address}\n`);
    });
};
