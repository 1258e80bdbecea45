import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as embedded from '@platform/local/engine';
import { LocalError } from '@platform/local/errors';
import { run } from '@platform/local/exec';
import { parseDocument } from 'yaml';
import { fromEngine, fromEvents } from './preview/adapters';
import type { StackPreview } from './preview/model';
import { passphraseFor, projectDir, type Target } from './target';

export interface Operation {
  json?: boolean;
  expectNoChanges?: boolean;
  target?: string[];
}

/** The operations of a Pulumi engine. Each resolves to the exit code the command should end with. */
export interface Engine {
  name: string;
  preview(target: Target, operation: Operation): Promise<number>;
  /** A preview as data, printing nothing. `refresh` looks at what exists, not only at what is recorded. */
  inspect(target: Target, options: { refresh?: boolean }): Promise<StackPreview>;
  up(target: Target, operation: Operation): Promise<number>;
  down(target: Target, operation: Operation): Promise<number>;
  exportState(target: Target): Promise<object>;
}

const embeddedOptions = (target: Target, operation: Operation = {}): embedded.EngineOptions => ({
  projectDir,
  stack: target.stack,
  stateDir: target.stateDir,
  policyPacks: target.policyPacks,
  policyPackConfig: target.policyPackConfig,
  config: target.config,
  kubeconfig: target.kubeconfig,
  context: target.context,
  judgeOnly: target.judgeOnly,
  passphrase: passphraseFor(target),
  out: process.stdout,
  ...operation,
});

export const embeddedEngine: Engine = {
  name: 'embedded engine',
  preview: async (target, operation) => (await embedded.preview(embeddedOptions(target, operation))).exitCode,
  // Refreshing needs no saying: this engine always looks at what the server has.
  inspect: async (target) =>
    fromEngine(
      target.stack,
      await embedded.preview({ ...embeddedOptions(target), json: true, out: undefined }),
    ),
  up: async (target, operation) => (await embedded.up(embeddedOptions(target, operation))).exitCode,
  down: async (target, operation) => (await embedded.down(embeddedOptions(target, operation))).exitCode,
  exportState: (target) => embedded.exportState(embeddedOptions(target)),
};

/** The arguments of the real CLI for one operation. Pure, so that it can be tested without the CLI. */
export const pulumiArgs = (
  command: 'preview' | 'up' | 'destroy',
  target: Pick<Target, 'stack' | 'policyPacks' | 'policyPackConfig'>,
  operation: Operation,
  configFile: string,
): string[] => [
  command,
  '--stack',
  target.stack,
  '--config-file',
  configFile,
  '--non-interactive',
  ...(command === 'preview' ? ['--diff'] : ['--yes']),
  ...(command === 'destroy' ? [] : policyArgs(target)),
  ...(operation.json ? ['--json'] : []),
  ...(operation.expectNoChanges ? ['--expect-no-changes'] : []),
  ...(operation.target ?? []).flatMap((urn) => ['--target', urn]),
];

const policyArgs = (target: Pick<Target, 'policyPacks' | 'policyPackConfig'>): string[] => [
  ...target.policyPacks.flatMap((pack) => ['--policy-pack', pack]),
  ...target.policyPackConfig.flatMap((file) => ['--policy-pack-config', file]),
];

const pulumiEnvironment = (target: Target): NodeJS.ProcessEnv => {
  const passphrase = passphraseFor(target);
  return {
    ...process.env,
    PULUMI_BACKEND_URL: process.env.PULUMI_BACKEND_URL ?? `file://${target.stateDir}`,
    ...(passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase }),
    ...(target.kubeconfig ? { KUBECONFIG: target.kubeconfig } : {}),
  };
};

const pulumi = (args: string[], target: Target, env: NodeJS.ProcessEnv = {}) =>
  new Promise<number>((resolve, reject) => {
    const child = spawn('pulumi', args, {
      cwd: projectDir,
      env: { ...pulumiEnvironment(target), ...env },
      // Where the events are wanted, what is printed for people goes aside.
      stdio: Object.keys(env).length ? ['ignore', 2, 2] : 'inherit',
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });

/** The stack file with this run's values over it. `--config` would write them into the committed file. */
const withConfigFile = async <T>(target: Target, use: (file: string) => Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(tmpdir(), 'platform-config-'));
  try {
    const file = join(directory, `Pulumi.${target.stack}.yaml`);
    const document = parseDocument(readFileSync(join(projectDir, `Pulumi.${target.stack}.yaml`), 'utf8'));
    for (const [key, value] of Object.entries(target.config)) document.setIn(['config', key], value);
    if (target.context) document.setIn(['config', 'kubernetes:context'], target.context);
    writeFileSync(file, String(document), { mode: 0o600 });
    return await use(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const withSelected = async <T>(target: Target, use: (configFile: string) => Promise<T>): Promise<T> => {
  mkdirSync(target.stateDir, { recursive: true, mode: 0o700 });
  return withConfigFile(target, async (file) => {
    await run('pulumi', ['stack', 'select', '--create', target.stack, '--non-interactive'], {
      cwd: projectDir,
      env: pulumiEnvironment(target),
    });
    return use(file);
  });
};

const withStack = (command: 'preview' | 'up' | 'destroy', target: Target, operation: Operation) =>
  withSelected(target, (file) => pulumi(pulumiArgs(command, target, operation, file), target));

/**
 * The CLI's events of a preview. Not `--json`: that leaves the verdicts of the policies out. The option is the one Pulumi's own
 * Automation API uses, behind the same variable.
 */
const eventsOf = (target: Target, refresh = false) =>
  withSelected(target, async (file) => {
    const log = `${file}.events`;
    const args = [
      ...pulumiArgs('preview', target, {}, file),
      ...(refresh ? ['--refresh'] : []),
      '--event-log',
      log,
    ];
    const code = await pulumi(args, target, { PULUMI_DEBUG_COMMANDS: 'true' });
    return fromEvents(target.stack, existsSync(log) ? readFileSync(log, 'utf8') : '', code);
  });

export const pulumiCli: Engine = {
  name: 'pulumi CLI',
  preview: (target, operation) => withStack('preview', target, operation),
  inspect: (target, { refresh }) => eventsOf(target, refresh),
  up: (target, operation) => withStack('up', target, operation),
  down: (target, operation) => withStack('destroy', target, operation),
  exportState: async (target) => {
    const { stdout } = await run('pulumi', ['stack', 'export', '--stack', target.stack], {
      cwd: projectDir,
      env: pulumiEnvironment(target),
    });
    return JSON.parse(stdout);
  },
};

/** The version of the CLI on PATH, or undefined where there is none. */
const pulumiVersion = async (): Promise<string | undefined> => {
  try {
    return (await run('pulumi', ['version'], { timeoutMs: 10_000 })).stdout.trim().replace(/^v/, '');
  } catch {
    return undefined;
  }
};

/** Version 3 from 3.200 on: the oldest CLI that README and error messages promise to work. */
export const speaksOurProtocol = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 3 && minor >= 200;
};

export const chooseEngine = async (wanted: Target['engine']): Promise<Engine> => {
  if (wanted === 'embedded') return embeddedEngine;
  const version = await pulumiVersion();
  if (version && speaksOurProtocol(version)) return pulumiCli;
  if (wanted === 'cli') {
    throw new LocalError(
      version ? `pulumi ${version} on PATH does not fit this project` : 'There is no pulumi on PATH',
      {
        hint: 'Install the Pulumi CLI 3.200 or newer, or use --engine embedded.',
      },
    );
  }
  return embeddedEngine;
};
