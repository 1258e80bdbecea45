import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { preview, runProgram, up } from './index';

// The real program, the real pack, spawned as the Pulumi CLI would; only the cluster is left out.
jest.setTimeout(300_000);
const projectDir = join(__dirname, '../fixtures/shop');
const policyPacks = [join(__dirname, '../fixtures/pack')];
const run = (config: Record<string, string> = {}, packs = policyPacks) =>
  runProgram({ projectDir, stack: 'dev', config, policyPacks: packs });

describe('a program', () => {
  it('is run whole and judged, with unknown values reported as not checked', async () => {
    const result = await run({ token: 'hunter2-token' });
    expect(result.diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
    expect(result.exitCode).toBe(0);
    expect(result.resources.map((one) => one.type)).toEqual(
      expect.arrayContaining(['pulumi:pulumi:Stack', 'fixture:index:Shop', 'kubernetes:core/v1:Secret']),
    );
    expect(result.changes).toMatchObject({ create: 8, same: 0 });
    expect(result.violations).toMatchObject([
      { policy: 'password-long-enough', notChecked: true, level: 'advisory' },
    ]);
    expect(result.outputs).toEqual({
      greeting: 'hello',
      credential: expect.stringMatching(/unknown|secret/),
    });
  });

  it('gets its inputs corrected by a policy that remediates', async () => {
    const { resources } = await run();
    const settings = resources.find((one) => one.name === 'settings');
    expect(settings?.inputs.metadata).toMatchObject({ labels: { owner: 'shop' } });
    expect(settings?.urn).toBe(
      'urn:pulumi:dev::shop::fixture:index:Shop$kubernetes:core/v1:ConfigMap::settings',
    );
  });

  it('that breaks a mandatory policy ends with its own exit code and names the policy and the resource', async () => {
    const result = await run({ greeting: 'go away' });
    expect(result.exitCode).toBe(5);
    expect(result.violations.filter((one) => one.level === 'mandatory')).toMatchObject([
      { policy: 'polite-greeting', packVersion: '1.2.3', urn: expect.stringContaining('settings') },
    ]);
  });

  it('may preview what the engine cannot make', async () => {
    const result = await run({ has: 'foreign' }, []);
    expect(result.exitCode).toBe(0);
    expect(result.resources.map((one) => one.type)).toContain('aws:s3/bucket:Bucket');
  });

  it('that crashes fails with its own message, without the secrets of its configuration', async () => {
    const lines: string[] = [];
    const out = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const stateDir = mkdtempSync(join(tmpdir(), 'engine-stack-'));
    try {
      const options = {
        projectDir,
        stack: 'sealed',
        stateDir,
        config: { has: 'crash' },
        out,
        policyPacks: [],
      };
      const result = await preview({ ...options, passphrase: 'fixture' });
      expect(result.exitCode).toBe(1);
      expect(lines.join('')).toContain('cannot go on with [secret]');
      expect(lines.join('') + JSON.stringify(result.diagnostics)).not.toContain('plainwordsecret');
      await expect(preview({ ...options, passphrase: 'wrong' })).rejects.toThrow(
        'passphrase of this stack is wrong',
      );
    } finally {
      rmSync(stateDir, { recursive: true });
    }
  });

  it('that uses what the engine does not serve is told so', async () => {
    const result = await run({ has: 'read' }, []);
    expect(result.exitCode).toBe(1);
    expect(result.diagnostics.map((one) => one.message).join()).toContain(
      'not supported by the built-in engine',
    );
  });

  it('that names another cluster in a provider of its own is refused', async () => {
    const result = await run({ has: 'elsewhere' }, []);
    expect(result.exitCode).toBe(4);
    expect(result.diagnostics.map((one) => one.message).join()).toContain(
      'The provider elsewhere sets context',
    );
  });

  it('is not brought up without a cluster', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'engine-stack-'));
    const out = new Writable({ write: (_chunk, _encoding, done) => done() });
    try {
      const result = await up({
        ...{ projectDir, stack: 'dev', stateDir, out, passphrase: 'x' },
        policyPacks: [],
      });
      expect(result.exitCode).not.toBe(0);
      expect(result.diagnostics.map((one) => one.message).join()).toContain('no cluster');
      const unreachable = up({
        ...{ projectDir, stack: 'dev', stateDir, out, passphrase: 'x', policyPacks: [] },
        kubeconfig: join(stateDir, 'missing'),
      });
      await expect(unreachable).rejects.toMatchObject({ hint: expect.stringContaining('cluster') });
    } finally {
      rmSync(stateDir, { recursive: true });
    }
  });
});
