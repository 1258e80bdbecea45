// Ten mistakes, one per area, planted beside everything else of production: each is refused with rule, item and fix.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '@platform/local/engine';
import { rules } from '../../policies/rules';
import { database, group } from '../../policies/rules/aws.samples.fixtures';
import { authorizationPolicy, httpRoute, kafkaUser, limit } from '../../policies/rules/guards.fixtures';
import { budget, deployment, type Patch, type Sample, service } from '../../policies/rules/samples.fixtures';
import { settingsFile } from '../../policies/settings';
import { root } from './stack';

jest.setTimeout(300_000);

const here = { 'metadata.namespace': 'ecommerce-platform' };
const image = 'registry.example.com/ecommerce-platform/shop:1.2.3';
const pod = 'spec.template.spec';
const workload = (patch: Patch) =>
  deployment({
    ...here,
    'spec.replicas': 2,
    [`${pod}.containers.0.image`]: image,
    [`${pod}.initContainers.0.image`]: image,
    ...patch,
  });

const planted: [string, string, Sample][] = [
  [
    'pod security',
    'no-privileged-container',
    workload({ [`${pod}.containers.0.securityContext.privileged`]: true }),
  ],
  ['image', 'image-pinned', workload({ [`${pod}.containers.0.image`]: image.replace('1.2.3', 'latest') })],
  [
    'secret',
    'no-secret-in-env',
    workload({
      [`${pod}.containers.0.env`]: [{ name: 'STRIPE_API_KEY', value: `sk_${'live'}_4eC39HqLyjWDarjt` }],
    }),
  ],
  ['network', 'not-exposed', service({ ...here, 'spec.type': 'LoadBalancer' })],
  ['mesh', 'mesh-named-callers', authorizationPolicy({ ...here, 'spec.rules': [{}] })],
  ['gateway', 'gateway-route-authenticated', httpRoute(here)],
  ['Kafka', 'kafka-named-grants', kafkaUser({ ...here, 'spec.authorization.acls.0.resource.name': '*' })],
  ['data on AWS', 'aws-encrypted-at-rest', database({ storageEncrypted: undefined })],
  [
    'network on AWS',
    'aws-security-group-closed',
    group({ 'ingress.0.fromPort': 22, 'ingress.0.toPort': 22 }),
  ],
  ['availability', 'second-replica', workload({ 'spec.replicas': 1 })],
];
/** What the planted resources need around them to have one mistake each. */
const around = [budget(here), limit(here)];

// The whole program of the platform, and then whatever planted.json holds.
const program = `
require(${JSON.stringify(join(root, 'infra', 'index.ts'))});
const { CustomResource } = require('@pulumi/pulumi');
for (const { type, name, props } of require('./planted.json')) new CustomResource(type, name, props);
`;

describe('production with ten mistakes in it', () => {
  let result: Awaited<ReturnType<typeof runProgram>>;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'planted-'));
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    for (const file of ['Pulumi.yaml', 'Pulumi.production.yaml'])
      copyFileSync(join(root, file), join(directory, file));
    writeFileSync(join(directory, 'package.json'), '{"name":"planted","version":"1.0.0","main":"index.js"}');
    const all = [...planted.map(([, , sample]) => sample), ...around];
    writeFileSync(
      join(directory, 'planted.json'),
      JSON.stringify(all.map((sample, index) => ({ ...sample, name: `planted-${index}` }))),
    );
    symlinkSync(directory, join(directory, 'infra'));
    writeFileSync(join(directory, 'index.js'), program);
    result = await runProgram({
      projectDir: directory,
      stack: 'production',
      policyPacks: [join(root, 'policies')],
      policyPackConfig: [settingsFile('production')],
    });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const refused = () => result.violations.filter(({ level }) => level === 'mandatory');

  test('is refused, for them alone', () => {
    expect(result.exitCode).toBe(5);
    expect(refused().filter(({ urn }) => !urn.includes('::planted-'))).toEqual([]);
    expect(new Set(planted.map(([area]) => area)).size).toBe(10);
  });

  test.each(planted.map(([area, name], index) => [area, name, index] as const))(
    'is told what is wrong in the area of %s, by the rule %s',
    (_area, name, index) => {
      const rule = rules.find((one) => one.name === name);
      const found = refused().filter(({ urn }) => urn.endsWith(`::planted-${index}`));
      expect(found.map(({ policy }) => policy)).toEqual([name]);
      expect(found[0]?.message.startsWith(`${name} [${rule?.item}] `)).toBe(true);
      expect(found[0]?.message.endsWith(`. Fix: ${rule?.fix}.`)).toBe(true);
      expect(found[0]?.message).not.toContain('4eC39');
    },
  );
});
