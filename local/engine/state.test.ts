import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from './lock';
import type { Resource } from './plan';
import { createSecrets, openSecrets } from './secrets';
import { readStateFile, State, stateFile } from './state';
import { secret } from './values';

const resource = (name: string, more: Partial<Resource> = {}): Resource => ({
  ...{
    urn: `urn:pulumi:s::p::t:m:K::${name}`,
    type: 't:m:K',
    custom: true,
    id: name,
    inputs: {},
    outputs: {},
  },
  ...more,
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'engine-state-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the state', () => {
  it('is read back as it was written, with secrets only encrypted on disk', async () => {
    const crypter = await createSecrets('pw');
    const state = State.load(directory, 's', crypter);
    state.put(
      resource('a', { inputs: { token: secret('very-secret') }, outputs: { list: [secret({ a: 1 })] } }),
    );
    await state.save();
    expect(readFileSync(stateFile(directory, 's'), 'utf8')).not.toContain('very-secret');
    const again = State.load(directory, 's', await openSecrets(crypter.salt, 'pw'));
    expect(again.resources).toEqual(state.resources);
  });

  it('has what is about to happen on disk before it happens', async () => {
    const state = State.load(directory, 's', undefined);
    const operation = await state.begin('creating', resource('a'));
    expect(State.load(directory, 's', undefined).pending).toMatchObject([
      { type: 'creating', resource: { id: 'a' } },
    ]);
    state.put(resource('a'));
    state.end(operation);
    await state.save();
    expect(State.load(directory, 's', undefined)).toMatchObject({ pending: [], resources: [{ id: 'a' }] });
  });

  it('keeps every one of many changes made at once', async () => {
    const state = State.load(directory, 's', undefined);
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const operation = await state.begin('creating', resource(`r${i}`));
        state.put(resource(`r${i}`));
        state.end(operation);
        await state.save();
      }),
    );
    expect(State.load(directory, 's', undefined)).toMatchObject({ pending: [], resources: { length: 50 } });
  });

  it('that is damaged names the backup, and the backup is the state before', async () => {
    const first = State.load(directory, 's', undefined);
    first.put(resource('a'));
    await first.save();
    const second = State.load(directory, 's', undefined);
    second.put(resource('b'));
    await second.save();
    const file = stateFile(directory, 's');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100));
    expect(() => State.load(directory, 's', undefined)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(file),
        hint: expect.stringContaining(`${file}.bak`),
      }),
    );
    expect(readStateFile(`${file}.bak`)?.deployment.resources).toHaveLength(1);
  });

  it('of another version or shape is refused', () => {
    writeFileSync(stateFile(directory, 's'), '{"version": 2}');
    expect(() => State.load(directory, 's', undefined)).toThrow('not a deployment of version 3');
    writeFileSync(stateFile(directory, 's'), '{"version": 3, "deployment": {"resources": [{}]}}');
    expect(() => State.load(directory, 's', undefined)).toThrow('no URN');
  });

  it('with secrets asks for the passphrase', async () => {
    const state = State.load(directory, 's', await createSecrets('pw'));
    state.put(resource('a', { inputs: { token: secret('x') } }));
    await state.save();
    expect(() => State.load(directory, 's', undefined)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('PULUMI_CONFIG_PASSPHRASE') }),
    );
  });

  // Stands for a full disk or a folder without write permission: the draft cannot be opened.
  it('that cannot be written says so and leaves the old one whole', async () => {
    const state = State.load(directory, 's', undefined);
    state.put(resource('a'));
    await state.save();
    const broken = State.load(directory, 's', undefined);
    mkdirSync(`${stateFile(directory, 's')}.new`);
    broken.put(resource('b'));
    await expect(broken.save()).rejects.toMatchObject({
      message: expect.stringContaining('cannot be written'),
    });
    expect(State.load(directory, 's', undefined).resources).toHaveLength(1);
  });
});

describe('the lock', () => {
  const file = () => join(directory, 's.lock');

  it('keeps a second one out, naming the process that holds it', () => {
    const release = takeLock(file(), () => {});
    expect(() => takeLock(file(), () => {})).toThrow(`Process ${process.pid} is changing this stack`);
    release();
    expect(existsSync(file())).toBe(false);
    takeLock(file(), () => {})();
  });

  it('of a process that was killed is taken over with a note', async () => {
    const child = spawn('sleep', ['60']);
    await new Promise((ready) => child.once('spawn', ready));
    writeFileSync(file(), JSON.stringify({ pid: child.pid, started: '' }));
    expect(() => takeLock(file(), () => {})).toThrow(`Process ${child.pid}`);
    child.kill('SIGKILL');
    await new Promise((gone) => child.once('close', gone));
    const notes: string[] = [];
    takeLock(file(), (line) => notes.push(line))();
    expect(notes).toEqual([expect.stringContaining(`process ${child.pid}`)]);
  });

  it('is not held by a process that got the same number later', () => {
    writeFileSync(file(), JSON.stringify({ pid: process.pid, started: '1' }));
    takeLock(file(), () => {})();
  });

  it('that is half written is taken over', () => {
    writeFileSync(file(), '{"pid":');
    takeLock(file(), () => {})();
    expect(spawnSync('ls', ['-A', directory]).stdout.toString()).toBe('');
  });
});
