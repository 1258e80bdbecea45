import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passphraseFor, resolveTarget } from './target';

const options = { stack: 'local', profile: 'unit', engine: 'embedded' as const };

describe('the target of a command', () => {
  let data: string;
  const before = process.env.XDG_DATA_HOME;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'platform-data-'));
    process.env.XDG_DATA_HOME = data;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_DATA_HOME;
    else process.env.XDG_DATA_HOME = before;
    rmSync(data, { recursive: true });
  });

  it('is a cluster of our own for the local stack, and of the user with --context', () => {
    expect(resolveTarget(options).embedded).toBe(true);
    expect(resolveTarget({ ...options, context: 'mine' }).embedded).toBe(false);
    expect(resolveTarget({ ...options, stack: 'production' }).embedded).toBe(false);
  });

  it('keeps the state of shared environments apart from what is deleted with a cluster', () => {
    expect(resolveTarget(options).stateDir).toContain('/unit/');
    expect(resolveTarget({ ...options, stack: 'staging', context: 'mine' }).stateDir).not.toContain('/unit/');
  });

  it('is judged under the settings of its environment, and a further pack under its own defaults', () => {
    const { policyPacks, policyPackConfig } = resolveTarget({
      ...options,
      stack: 'production',
      policyPack: ['/more'],
    });
    expect(policyPackConfig.map((file) => file.split('/').slice(-2).join('/'))).toEqual([
      'settings/production.json',
      'settings/none.json',
    ]);
    expect(policyPacks).toHaveLength(2);
  });

  it('names the stacks there are when one is misspelt', () => {
    expect(() => resolveTarget({ ...options, stack: 'prodution' })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('prodution'),
        hint: expect.stringContaining('production'),
      }),
    );
  });

  it('refuses a profile name that could leave its folder', () => {
    expect(() => resolveTarget({ ...options, profile: '../other' })).toThrow(/not a valid name/);
  });

  it('makes the passphrase of the local stack once and lets nobody else read it', () => {
    const target = resolveTarget(options);
    const made = passphraseFor(target);
    expect(made?.length).toBeGreaterThan(20);
    expect(passphraseFor(target)).toBe(made);
    expect(statSync(join(data, 'ecommerce-platform', 'unit', 'state', 'local.passphrase')).mode & 0o777).toBe(
      0o600,
    );
  });

  it('never makes one up for an environment that is shared', () => {
    expect(passphraseFor(resolveTarget({ ...options, stack: 'staging' }))).toBeUndefined();
  });
});
