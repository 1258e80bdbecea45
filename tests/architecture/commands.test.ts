// Workflows and documents are run by nobody here: what they call must at least be there.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createProgram } from '../../cli/program';

type Command = ReturnType<typeof createProgram>;

const root = join(__dirname, '../..');
const tracked = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', '--', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file && existsSync(join(root, file)));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Words of each call in a text, up to what ends a command in a shell or a code span. */
const callsIn = (text: string, call: string): string[][] =>
  text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .flatMap((line) => line.split(`${call} `).slice(1))
    .map((rest) => [...rest.matchAll(/\s*((?:"[^"]*"|'[^']*'|[^\s"'`#|>;&()]+)+)|\s*([`#|>;&()])/g)])
    .map((found) => {
      const end = found.findIndex(([, word]) => word === undefined);
      return found.slice(0, end < 0 ? undefined : end).map(([, word = '']) => word.replace(/["']/g, ''));
    });

/** Why a call would be refused before it does anything. */
const problemOf = (program: Command, words: string[]): string | undefined => {
  let command = program;
  let rest = words;
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (!next) break;
    [command, rest] = [next, rest.slice(1)];
  }
  const path = words.slice(0, words.length - rest.length).join(' ');
  if (command.commands.length > 0) return `${path}: there is no command ${rest[0] ?? 'named'}`;
  command.exitOverride().configureOutput({ writeErr: () => {} });
  let parsed: ReturnType<Command['parseOptions']>;
  try {
    // Whatever a variable holds, it is one word; a number fits wherever a value is looked at.
    parsed = command.parseOptions(rest.map((word) => (word.startsWith('$') ? '1' : word)));
  } catch (error) {
    return `${path}: ${(error as Error).message}`;
  }
  const { operands, unknown } = parsed;
  const foreign = unknown.find((word) => word.startsWith('-'));
  if (foreign !== undefined) return `${path}: there is no option ${foreign}`;
  const absent = command.options.find(
    (option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined,
  );
  if (absent) return `${path}: ${absent.long} is missing`;
  const places = command.registeredArguments;
  const fewest = places.filter(({ required }) => required).length;
  if (operands.length < fewest) return `${path}: ${places[operands.length]?.name()} is missing`;
  if (operands.length > places.length && !places.at(-1)?.variadic) return `${path}: too many arguments`;
  return undefined;
};

// Options keep what was parsed, so each call has a program of its own.
const problems = (calls: [string, string[]][]) =>
  calls.flatMap(([file, words]) => problemOf(createProgram(), words)?.replace(/^/, `${file}: `) ?? []);

const workflows = (): [string, string[]][] =>
  tracked('.github/*.yml').flatMap((file) => {
    const { jobs = {}, runs = {} } = parse(read(file));
    const jobSteps = Object.values(jobs as Record<string, { steps?: { run?: string }[] }>);
    const steps = [...jobSteps.flatMap(({ steps: own = [] }) => own), ...(runs.steps ?? [])];
    return steps.flatMap(({ run = '' }) =>
      callsIn(run, 'platform.mjs').map((words): [string, string[]] => [file, words]),
    );
  });

const documents = (): [string, string[]][] =>
  tracked('*.md').flatMap((file) =>
    callsIn(read(file), 'npx platform').map((words): [string, string[]] => [file, words]),
  );

describe('a call of platform', () => {
  it('in a workflow is of a command that exists, with options it has', () => {
    const calls = workflows();
    expect(calls.length).toBeGreaterThan(10);
    expect(problems(calls)).toEqual([]);
  });

  it('in a document is of a command that exists, with options it has', () => {
    const calls = documents();
    expect(calls.length).toBeGreaterThan(10);
    expect(problems(calls)).toEqual([]);
  });

  it.each([
    ['deploy --stack x', /there is no command deploy/],
    ['images fetch', /images: there is no command fetch/],
    ['up --stak local', /up: there is no option --stak/],
    ['ci pull-request --base main', /ci pull-request: --out is missing/],
    ['secrets rotate', /secrets rotate: name is missing/],
    ['smoke here', /smoke: too many arguments/],
    ['up --engine other', /up: .*Allowed choices are auto, cli, embedded/],
  ])('is found wrong: %s', (call, why) => {
    const [words = []] = callsIn(`x=$(node platform.mjs ${call} | cat)`, 'platform.mjs');
    expect(words).toEqual(call.split(' '));
    expect(problemOf(createProgram(), words)).toMatch(why);
  });
});
