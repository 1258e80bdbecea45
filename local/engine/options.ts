import { readFileSync } from 'node:fs';
import { LocalError } from '../errors';
import type { Violation } from './analyzer';
import type { Op } from './plan';
import type { Diagnostic, StepReport } from './report';

export interface EngineOptions {
  projectDir: string;
  stack: string;
  /** Folder of `<stack>.json`, its backup and its lock. */
  stateDir: string;
  policyPacks: string[];
  /** JSON files with settings, one per pack in the same order; see readSettings. */
  policyPackConfig?: string[];
  /** Wins over Pulumi.yaml and Pulumi.<stack>.yaml. Keys without a namespace belong to the project. */
  config?: Record<string, string>;
  /** Without one, previews are made from inputs alone and `up` refuses to. */
  kubeconfig?: string;
  context?: string;
  /** The cluster is not the stack's own: previews have it judge the form of every object, and nothing else is asked of it. */
  judgeOnly?: boolean;
  /** URNs, or names with `*`. */
  target?: string[];
  expectNoChanges?: boolean;
  json?: boolean;
  /** Else PULUMI_CONFIG_PASSPHRASE, else the file PULUMI_CONFIG_PASSPHRASE_FILE names. */
  passphrase?: string;
  out?: NodeJS.WritableStream;
  /** Steps at a time; 32. */
  parallel?: number;
}

/**
 * `exitCode` follows the Pulumi CLI: 0 done, 1 the program failed, 4 a resource failed or is invalid, 5 a mandatory
 * policy was violated, 7 there are changes though none were expected. Problems before the program starts (configuration,
 * state, lock, unreachable cluster) are thrown as LocalError, for which 2 is the CLI's code.
 */
export interface EngineResult {
  changes: Record<Op, number>;
  resources: StepReport[];
  violations: Violation[];
  diagnostics: Diagnostic[];
  /** Of the stack, secrets and unknowns blotted out. */
  outputs: Record<string, unknown>;
  exitCode: number;
  /** Whether a server was asked what exists and what it would accept; else only program and state have spoken. */
  served: boolean;
  /** Blots every secret of this run out of a text that is to be shown. */
  redact: (text: string) => string;
}

const passphraseOf = (options: Pick<EngineOptions, 'passphrase'>): string | undefined => {
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return (
    options.passphrase ?? process.env.PULUMI_CONFIG_PASSPHRASE ?? (file && readFileSync(file, 'utf8').trim())
  );
};

/** The passphrase of the stack. Throws when there is none; `why` says what needs it. */
export const needPassphrase = (options: EngineOptions, why: string): string => {
  const passphrase = passphraseOf(options);
  if (passphrase !== undefined) return passphrase;
  throw new LocalError(`The stack ${options.stack} needs a passphrase: ${why}`, {
    hint: 'Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.',
  });
};
