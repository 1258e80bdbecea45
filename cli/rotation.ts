import { LocalError } from '@platform/local/errors';
import type { Progress } from '@platform/local/progress';
import { chooseEngine, type Engine } from './engines';
import { readGenerations, writeGeneration } from './generations';
import { bringUp } from './platform';
import { resolveTarget, type Target, type TargetOptions } from './target';

/** As the program tells it, once it holds. */
export interface SecretEntry {
  source: 'generated' | 'pulumi' | 'external' | 'existing';
  generation: number;
  /** People give its value, and give another before it is rotated. */
  given: boolean;
  usedBy: string[];
  sealsData: boolean;
}

interface Deployment {
  deployment?: { resources?: { type: string; outputs?: { secrets?: Record<string, SecretEntry> } }[] };
}

/** What the last complete `up` said of the stack's secrets. @throws LocalError when there was none */
export const secretsOf = async (engine: Engine, target: Target): Promise<Record<string, SecretEntry>> => {
  const { deployment } = (await engine.exportState(target)) as Deployment;
  const stack = deployment?.resources?.find(({ type }) => type === 'pulumi:pulumi:Stack');
  if (stack?.outputs?.secrets) return stack.outputs.secrets;
  throw new LocalError(`Nothing is known of the secrets of ${target.stack}: it has not been brought up yet`, {
    hint: `Run: platform up --stack ${target.stack}`,
  });
};

/**
 * The generation to bring up. One that was begun and did not get through is finished, never topped: the generation after it would
 * take the login that the running pods still use.
 */
export const nextGeneration = (settled: number, asked = settled): number =>
  asked > settled ? asked : settled + 1;

/** What has to be done before a rotation, and is not ours to do. */
export const beforehand = ({ source, given }: Pick<SecretEntry, 'source' | 'given'>): string | undefined => {
  if (!given) return undefined;
  if (source === 'pulumi')
    return 'the value is the one in the stack’s secretValues: set the new one there first';
  if (source === 'external')
    return 'the value is the one in the secrets manager: put the new one there first';
  return undefined;
};

/** Where to look when a rotation did not get through and what is said above does not tell. */
export const afterwards = ({ source }: Pick<SecretEntry, 'source'>, name: string, next: number) =>
  source === 'external'
    ? `${name}: containers wait for its key generation-${next} until External Secrets has fetched the value; why it has not: kubectl describe externalsecret ${name}`
    : undefined;

/** Makes one secret anew and brings the stack to it. @returns an exit code */
export const rotate = async (options: TargetOptions, name: string, progress: Progress): Promise<number> => {
  const target = resolveTarget(options);
  const engine = await chooseEngine(options.engine);
  const entry = known(await secretsOf(engine, target), name);
  if (entry.source === 'existing') {
    throw new LocalError(`${name} was put into the namespace by somebody else`, {
      hint: 'Change it where it comes from, then restart the workloads that read it.',
    });
  }
  if (entry.sealsData) {
    throw new LocalError(`${name} cannot be rotated: stored data are sealed with it`, {
      hint: 'Another value could not open them. Nothing was changed.',
    });
  }
  const note = beforehand(entry);
  if (note) progress.note(`${name}: ${note}`);
  const asked = readGenerations(target)[name];
  const next = nextGeneration(entry.generation, asked);
  if (asked === next) progress.note(`${name}: generation ${next} was begun before; finishing it`);
  const file = writeGeneration(target, name, next);
  const exitCode = await apply(options, engine, progress);
  if (exitCode !== 0) {
    progress.note(`${name}: generation ${next} is not through yet; the same command finishes it`);
    const why = afterwards(entry, name, next);
    if (why) progress.note(why);
    return exitCode;
  }
  const now = known(await secretsOf(engine, target), name).generation;
  if (now !== next) {
    throw new LocalError(`${name} is at generation ${now}, not ${next}`, { hint: `Look into ${file}.` });
  }
  const rolled = entry.usedBy.length > 0 ? `; rolled ${entry.usedBy.join(', ')}` : '';
  progress.note(`${name}: generation ${entry.generation} → ${next}${rolled}. Kept in ${file}`);
  return 0;
};

const known = (secrets: Record<string, SecretEntry>, name: string): SecretEntry => {
  const entry = secrets[name];
  if (entry) return entry;
  throw new LocalError(`There is no secret "${name}"`, {
    hint: `There are ${Object.keys(secrets).join(', ')}.`,
  });
};

/** The target is read again: it carries the generation that was just written. */
const apply = async (options: TargetOptions, engine: Engine, progress: Progress): Promise<number> =>
  resolveTarget(options).embedded
    ? (await bringUp(options, {}, progress)).exitCode
    : engine.up(resolveTarget(options), {});
