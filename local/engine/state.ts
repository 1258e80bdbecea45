import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { copyFile, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalError } from '../errors';
import { takeLock } from './lock';
import { type Resource, sorted } from './plan';
import type { Crypter } from './secrets';
import { mapSealed, mapSecrets, type Properties, sealed, type Value } from './values';

export interface PendingOperation {
  type: 'creating' | 'updating' | 'deleting';
  resource: Resource;
}

interface Deployment {
  manifest: { time: string; magic: string; version: string };
  secrets_providers?: { type: string; state?: { salt?: string } };
  resources?: Resource[];
  pending_operations?: PendingOperation[];
  metadata?: object;
}
interface StateFile {
  version: number;
  deployment: Deployment;
}

export const stateFile = (directory: string, stack: string) => join(directory, `${stack}.json`);

/** Reads a state file as it is, secrets still encrypted. Undefined when the stack was never brought up. */
export const readStateFile = (file: string): StateFile | undefined => {
  if (!existsSync(file)) return undefined;
  try {
    return checkState(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const backup = existsSync(`${file}.bak`) ? `${file}.bak` : undefined;
    throw new LocalError(`The state file ${file} is damaged: ${(cause as Error).message}`, {
      hint: backup
        ? `The state before the last change is in ${backup}. Copy it over the damaged file; the next preview shows what is missing.`
        : 'There is no backup yet. Restore the file from your own: an export (platform state export) has the same form.',
      cause,
    });
  }
};

const checkState = (content: unknown): StateFile => {
  const file = content as StateFile;
  if (file?.version !== 3) throw new Error(`it is not a deployment of version 3 (found ${file?.version})`);
  const resources = file.deployment?.resources ?? [];
  if (!Array.isArray(resources) || typeof file.deployment !== 'object')
    throw new Error('it has no resources');
  for (const resource of resources) {
    if (!/^urn:pulumi:/.test(resource?.urn)) throw new Error('a resource in it has no URN');
  }
  return file;
};

const everyValue = (resource: Resource, change: (value: Value) => Value): Resource => ({
  ...resource,
  ...(resource.inputs ? { inputs: change(resource.inputs) as Properties } : {}),
  ...(resource.outputs ? { outputs: change(resource.outputs) as Properties } : {}),
});

/** Writes a file so that after a crash either the old or the new content is there, never half of it. */
const writeDurably = async (file: string, content: string) => {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
};

/** The state of one stack in memory, written through before and after every step. */
export class State {
  resources: Resource[] = [];
  pending: PendingOperation[] = [];
  private writing: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private backedUp = false;

  constructor(
    private readonly file: string,
    private readonly crypter: Crypter | undefined,
  ) {}

  /** Opens the state. `crypter` may be missing as long as the state holds no secret. */
  static load(directory: string, stack: string, crypter: Crypter | undefined): State {
    const file = stateFile(directory, stack);
    const state = new State(file, crypter);
    const content = readStateFile(file)?.deployment;
    const unseal = (value: Value) =>
      mapSealed(value, (text) => JSON.parse(state.need().decrypt(text)) as Value);
    state.resources = (content?.resources ?? []).map((resource) => everyValue(resource, unseal));
    state.pending = (content?.pending_operations ?? []).map(({ type, resource }) => ({
      type,
      resource: everyValue(resource, unseal),
    }));
    return state;
  }

  /** Takes the stack's lock; see takeLock. */
  static lock(directory: string, stack: string, note: (line: string) => void): () => void {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return takeLock(join(directory, `${stack}.lock`), note);
  }

  private need(): Crypter {
    if (this.crypter) return this.crypter;
    throw new LocalError('The state of this stack holds secrets, and there is no passphrase', {
      hint: 'Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.',
    });
  }

  find(urn: string): Resource | undefined {
    return this.resources.find((resource) => resource.urn === urn && !resource.delete);
  }

  /** Puts a resource in the place of `old`, or at the end. */
  put(resource: Resource, old?: Resource): void {
    const index = old ? this.resources.indexOf(old) : -1;
    if (index < 0) this.resources.push(resource);
    else this.resources[index] = resource;
  }

  remove(resource: Resource): void {
    this.resources = this.resources.filter((other) => other !== resource);
  }

  /** Notes what is about to happen and waits until it is on disk. Returns the note, to be removed when done. */
  async begin(type: PendingOperation['type'], resource: Resource): Promise<PendingOperation> {
    const operation = { type, resource };
    this.pending.push(operation);
    await this.save();
    return operation;
  }

  end(operation: PendingOperation): void {
    this.pending = this.pending.filter((other) => other !== operation);
  }

  /** Resolves once everything changed so far is on disk. Changes made while a write runs share the next one. */
  save(): Promise<void> {
    this.queued ??= this.writing
      .catch(() => {})
      .then(() => {
        this.queued = undefined;
        this.writing = this.write();
        return this.writing;
      });
    return this.queued;
  }

  private async write(): Promise<void> {
    try {
      if (!this.backedUp && existsSync(this.file)) await copyFile(this.file, `${this.file}.bak`);
      this.backedUp = true;
      await writeDurably(this.file, `${JSON.stringify(this.toJSON(), null, 2)}\n`);
    } catch (cause) {
      const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      throw new LocalError(`The state cannot be written to ${this.file}: ${(cause as Error).message}`, {
        hint: full
          ? 'The disk is full: make room, then run the same command again.'
          : 'Is the folder writable?',
        retriable: true,
        cause,
      });
    }
  }

  toJSON(): StateFile {
    const seal = (value: Value) =>
      mapSecrets(value, (text) => sealed(this.need().encrypt(JSON.stringify(text))));
    return {
      version: 3,
      deployment: {
        manifest: { time: new Date().toISOString(), magic: '', version: '' },
        ...(this.crypter
          ? { secrets_providers: { type: 'passphrase', state: { salt: this.crypter.salt } } }
          : {}),
        resources: sorted(this.resources).map((resource) => everyValue(resource, seal)),
        ...(this.pending.length
          ? {
              pending_operations: this.pending.map(({ type, resource }) => ({
                type,
                resource: everyValue(resource, seal),
              })),
            }
          : {}),
        metadata: {},
      },
    };
  }
}
