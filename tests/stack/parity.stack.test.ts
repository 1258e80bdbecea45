import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settingsFile } from '../../policies/settings';
import { render, root } from './stack';

jest.setTimeout(300_000);

const cliVersion = (): string | undefined => {
  try {
    return execFileSync('pulumi', ['version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
};

const version = cliVersion();
if (!version)
  process.stderr.write('SKIPPED: parity with the pulumi CLI needs a pulumi on PATH, and there is none\n');
const whereThereIsACli = version ? it : it.skip;

interface CliStep {
  op: string;
  urn: string;
}

/** What the real CLI would do with the same stack and the same policies, from nothing. */
const previewOfCli = (stack: string): CliStep[] => {
  const state = mkdtempSync(join(tmpdir(), 'platform-parity-'));
  const env = { ...process.env, PULUMI_BACKEND_URL: `file://${state}`, PULUMI_CONFIG_PASSPHRASE: 'parity' };
  try {
    execFileSync('pulumi', ['stack', 'init', stack, '--non-interactive'], {
      cwd: root,
      env,
      stdio: 'ignore',
    });
    const judged = ['--policy-pack', 'policies', '--policy-pack-config', settingsFile(stack)];
    const args = ['preview', '--json', '--stack', stack, ...judged, '--non-interactive'];
    return JSON.parse(execFileSync('pulumi', args, { cwd: root, env, encoding: 'utf8', maxBuffer: 2 ** 27 }))
      .steps;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
};

describe.each(['staging', 'production'])('the %s stack', (name) => {
  whereThereIsACli('is the same for the pulumi CLI and for the embedded engine', async () => {
    const embedded = await render(name);
    const ours = embedded.result.resources.map(({ op, urn }) => `${op} ${urn}`).sort();
    const theirs = previewOfCli(name)
      .filter(({ urn }) => !urn.includes('pulumi:providers:'))
      .map(({ op, urn }) => `${op} ${urn}`)
      .sort();
    expect(ours).toEqual(theirs);
  });
});
