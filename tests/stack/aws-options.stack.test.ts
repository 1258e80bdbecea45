// What single settings of the AWS layer change.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { named, namesOf, render, root, type Stack } from './stack';

jest.setTimeout(300_000);

/** Production with some of its settings for AWS changed. */
const rendered = (change: (aws: Record<string, Record<string, unknown>>) => void, config = {}) => {
  const stackFile = parse(readFileSync(join(root, 'Pulumi.production.yaml'), 'utf8'));
  const aws = stackFile.config['ecommerce-platform:aws'];
  change(aws);
  return render('production', {
    config: { 'ecommerce-platform:aws': JSON.stringify(aws), ...config },
    policies: false,
  });
};

test('Shield Advanced protects both ways in where the setting asks for it', async () => {
  const stack = await rendered((aws) => {
    aws.edge = { ...aws.edge, shieldAdvanced: true };
  });
  expect(namesOf(stack.aws('shield/protection'))).toEqual(['assets-shield', 'shop-shield']);
});

/** Ports of every node that Services in a namespace open: those of a release's values and those of our own. */
const nodePortsOf = (stack: Stack, namespace: string): number[] =>
  [...stack.all('Release'), ...stack.all('Service')]
    .filter((one) => (one.namespace ?? one.metadata.namespace) === namespace)
    .flatMap((one) => [...JSON.stringify(one).matchAll(/"nodePort":(\d+)/g)].map(([, port]) => Number(port)))
    .sort();

test.each([
  ['istio', 'istio-ingress', '/healthz/ready'],
  ['kong', 'kong', '/status/ready'],
])('the load balancer finds %s where its Services stand', async (gateway, namespace, path) => {
  const stack = await rendered(
    (aws) => {
      aws.edge = { ...aws.edge, nodePort: 31_443, healthNodePort: 31_021 };
    },
    { 'ecommerce-platform:gateway': gateway },
  );
  const [targets] = stack.aws('lb/targetGroup');
  expect(targets?.inputs).toMatchObject({ protocol: 'HTTPS', port: 31_443 });
  expect(targets?.inputs.healthCheck).toMatchObject({ protocol: 'HTTP', port: '31021', path });
  expect(nodePortsOf(stack, namespace)).toEqual([31_021, 31_443]);
});

test('a broker of AWS speaks TLS, knows its users and makes no topic by accident', async () => {
  const stack = await rendered(() => {}, { 'ecommerce-platform:messaging': 'msk' });
  const { inputs } = named(stack.aws('msk/cluster'), 'broker');
  expect(inputs).toMatchObject({
    numberOfBrokerNodes: 3,
    encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
    clientAuthentication: { sasl: { scram: true, iam: true }, unauthenticated: false },
  });
  expect(stack.aws('msk/configuration')[0]?.inputs.serverProperties).toContain(
    'auto.create.topics.enable=false',
  );
  expect(
    stack
      .aws('secretsmanager/secret')
      .map(({ inputs: { name } }) => name)
      .filter((name: string) => name.startsWith('AmazonMSK_')),
  ).toEqual(
    ['order', 'payment', 'product', 'user'].map(
      (name) => `AmazonMSK_ecommerce-platform-production_${name}-service`,
    ),
  );
});

test('tells with the setting what cannot be', async () => {
  const stack = await rendered((aws) => {
    aws.database = { backupDays: 3, size: 'large' };
    aws.accountId = 12 as never;
  });
  const told = stack.errors().join('\n');
  expect(told).toMatch(/aws\.accountId: .*twelve digits, in quotes/);
  expect(told).toMatch(/aws\.database\.backupDays: /);
  expect(told).toMatch(/aws\.database:size: there is no such setting/);
});
