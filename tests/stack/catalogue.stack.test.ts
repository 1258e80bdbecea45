// A catalogue is data; here it is changed the way a person would, in a copy of the project.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '@platform/local/engine';
import { settingsFile } from '../../policies/settings';
import { root, Stack } from './stack';

jest.setTimeout(180_000);

let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'platform-'));
  cpSync(join(root, 'infra'), join(copy, 'infra'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  for (const file of ['Pulumi.yaml', 'Pulumi.staging.yaml', 'tsconfig.json'])
    cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

const catalogueFile = (name: string) => join(copy, 'infra', 'catalog', `${name}.yaml`);
const run = async (policies = false) =>
  new Stack(
    await runProgram({
      projectDir: copy,
      stack: 'staging',
      policyPacks: policies ? [join(root, 'policies')] : [],
      policyPackConfig: [settingsFile('staging')],
    }),
  );

test('a further service is one file: it gets all that the others have', async () => {
  writeFileSync(
    catalogueFile('review'),
    [
      'name: review',
      'description: What customers say of products.',
      'port: 3990',
      'database: true',
      'calls: [product]',
      'routes: [/v1/reviews]',
    ].join('\n'),
  );
  const stack = await run(true);
  expect(stack.errors()).toEqual([]);
  expect(stack.result.violations.filter(({ level }) => level === 'mandatory')).toEqual([]);
  for (const [kind, name] of [
    ['Deployment', 'review-service-blue'],
    ['Deployment', 'review-service-green'],
    ['Service', 'review-service'],
    ['HorizontalPodAutoscaler', 'review-service-blue'],
    ['PodDisruptionBudget', 'review-service'],
    ['NetworkPolicy', 'review-service'],
    ['ServiceAccount', 'review-service'],
    ['ExternalSecret', 'review-database-secret'],
    ['HTTPRoute', 'review-service-get-v1-reviews'],
    ['DestinationRule', 'review-service'],
  ] as const) {
    expect(stack.one(kind, name)).toBeDefined();
  }
  expect(JSON.stringify(stack.one('NetworkPolicy', 'product-service').spec.ingress)).toContain(
    'review-service',
  );
});

test('a misspelt field is refused with file and field', async () => {
  const file = catalogueFile('order');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nreplica: 3\n`);
  const stack = await run();
  expect(stack.result.exitCode).not.toBe(0);
  expect(stack.errors().join('\n')).toMatch(/order\.yaml: unknown key "replica"/);
});

test('a secret written into a catalogue file is stopped by the policy, by name and with the fix', async () => {
  const file = catalogueFile('order');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nenv:\n  CARRIER_API_KEY: abc123def456ghi789\n`);
  const stack = await run(true);
  expect(stack.result.exitCode).not.toBe(0);
  expect(stack.result.violations.map(({ policy }) => policy)).toContain('no-secret-in-env');
});
