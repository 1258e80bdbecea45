// Every object of staging and production before a real API server, with the operators' definitions and Istio's webhook.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type EngineResult, preview } from '@platform/local/engine';
import { profileDir } from '@platform/local/paths';
import { copyOfCheckout, root } from '../journey/copy';
import { kubectl, profile } from '../journey/platform';

jest.setTimeout(300_000);
const contracts = process.env.CONTRACTS_DIR ?? resolve(root, '..', 'shared', 'contracts');

/** Kong and Strimzi publish their definitions in no package that this project installs. */
const published = ['kong', 'strimzi']
  .map((folder) => join(contracts, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => ['-f', file]);

const judge = (stack: string, projectDir = root): Promise<EngineResult> =>
  preview({
    ...{ projectDir, stack, policyPacks: [], passphrase: 'judged', json: true, out: undefined },
    stateDir: profileDir(profile, 'judged'),
    kubeconfig: profileDir(profile, 'kubeconfig'),
    judgeOnly: true,
  });

const said = ({ diagnostics }: EngineResult, severity: string) =>
  diagnostics.filter((one) => one.severity === severity).map(({ message }) => message);

describe.each(['staging', 'production'])('the %s stack before a real server', (stack) => {
  beforeAll(async () => {
    if (published.length) await kubectl('apply', '--server-side', ...published);
  });
  afterAll(async () => {
    if (published.length) await kubectl('delete', '--ignore-not-found', ...published);
  });

  it('has no object that it refuses', async () => {
    const result = await judge(stack);
    expect(said(result, 'error')).toEqual([]);
    expect(result.exitCode).toBe(0);
    expect(result.changes.create).toBeGreaterThan(100);
  });

  (published.length ? it : it.skip)('has no object of a kind that it does not know', async () => {
    expect(said(await judge(stack), 'warning')).toEqual([]);
  });
});

it('refuses a misspelt field of Istio at preview, and names object and field', async () => {
  const copy = copyOfCheckout();
  try {
    const file = join(copy, 'infra/components/traffic-spec.ts');
    const text = readFileSync(file, 'utf8');
    const misspelt = text.replace('outlierDetection: {', 'outlierDetektion: {');
    expect(misspelt).not.toBe(text);
    writeFileSync(file, misspelt);
    const result = await judge('production', copy);
    expect(result.exitCode).toBe(4);
    expect(said(result, 'error').join('\n')).toMatch(/DestinationRule .*outlierDetektion/);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
