import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { LocalError } from '@platform/local/errors';
import { profileDir, stacksDir } from '@platform/local/paths';
import { settingsFile } from '../policies/settings';
import { generationsKey, readGenerations } from './generations';

export const projectDir = dirname(__dirname);

/** What the person asked for, as commander hands it over. */
export interface TargetOptions {
  stack: string;
  profile: string;
  context?: string;
  registry?: string;
  imageTag?: string;
  engine: 'auto' | 'cli' | 'embedded';
  policyPack?: string[];
}

/** Where a stack lives: an embedded cluster of our own, or a context of the user's kubeconfig. */
export interface Target {
  stack: string;
  profile: string;
  /** True when this tool starts and stops the cluster itself. */
  embedded: boolean;
  kubeconfig?: string;
  context?: string;
  /** The cluster of `kubeconfig` is not the stack's own: it only judges the form of objects in previews. */
  judgeOnly?: boolean;
  stateDir: string;
  /** `Pulumi.<stack>.yaml` */
  stackFile: string;
  policyPacks: string[];
  /** Settings of each pack, in the same order. */
  policyPackConfig: string[];
  engine: TargetOptions['engine'];
  config: Record<string, string>;
}

/** Every environment that has a Pulumi.<stack>.yaml, in the order in which changes reach them. */
export const stacks = () =>
  ['local', 'staging', 'production'].filter((stack) => existsSync(join(projectDir, `Pulumi.${stack}.yaml`)));

export const resolveTarget = (options: TargetOptions): Target => {
  const { stack, profile, context } = options;
  const stackFile = join(projectDir, `Pulumi.${stack}.yaml`);
  if (!existsSync(stackFile)) {
    throw new LocalError(`There is no stack "${stack}"`, {
      hint: `Use one of ${stacks().join(', ')}, or add Pulumi.${stack}.yaml.`,
    });
  }
  const embedded = stack === 'local' && !context;
  const kubeconfig = embedded
    ? profileDir(profile, 'kubeconfig')
    : process.env.KUBECONFIG || join(homedir(), '.kube', 'config');
  const stateDir = embedded ? profileDir(profile, 'state') : stacksDir(context ?? 'current');
  const generations = embedded ? readGenerations({ embedded, stackFile, stateDir, stack }) : {};
  return {
    stack,
    profile,
    embedded,
    stackFile,
    kubeconfig: (embedded || context) && existsSync(kubeconfig) ? kubeconfig : undefined,
    context,
    stateDir,
    policyPacks: [join(projectDir, 'policies'), ...(options.policyPack ?? [])],
    // The CLI wants as many settings as packs; a further pack gets the file that sets nothing.
    policyPackConfig: [settingsFile(stack), ...(options.policyPack ?? []).map(() => settingsFile('none'))],
    engine: options.engine,
    config: {
      ...(options.registry ? { 'ecommerce-platform:registry': options.registry } : {}),
      ...(options.imageTag ? { 'ecommerce-platform:imageTag': options.imageTag } : {}),
      ...(Object.keys(generations).length > 0 ? { [generationsKey]: JSON.stringify(generations) } : {}),
    },
  };
};

/** The passphrase that guards a stack's secrets: the user's own, or for the local stack one made here and kept with the profile. */
export const passphraseFor = (target: Target): string | undefined => {
  if (process.env.PULUMI_CONFIG_PASSPHRASE) return process.env.PULUMI_CONFIG_PASSPHRASE;
  if (process.env.PULUMI_CONFIG_PASSPHRASE_FILE)
    return readFileSync(process.env.PULUMI_CONFIG_PASSPHRASE_FILE, 'utf8').trim();
  const file = join(target.stateDir, `${target.stack}.passphrase`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  if (target.stack !== 'local') return undefined;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const made = randomBytes(24).toString('base64url');
  writeFileSync(file, made, { mode: 0o600, flag: 'wx' });
  return made;
};
