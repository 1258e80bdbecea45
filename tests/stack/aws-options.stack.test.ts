// What single settings of the AWS layer change.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadCatalogue } from '../../infra/catalog/load';
import { named, namesOf, type Rendered, render, root, type Stack } from './stack';

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

describe('a broker of AWS', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render('production', { config: { 'ecommerce-platform:messaging': 'msk' } });
  });
  const services = loadCatalogue('production').map(({ name }) => `${name}-service`);
  const containerOf = (workload: Rendered) => workload.spec.template.spec.containers[0];
  const variables = (workload: Rendered): Record<string, Rendered> =>
    Object.fromEntries(
      containerOf(workload).env.map(({ name, value, valueFrom }: Rendered) => [
        name,
        value ?? valueFrom.secretKeyRef,
      ]),
    );
  const administration = () =>
    stack.all('Job').find(({ metadata }) => metadata.name.startsWith('kafka-admin-'));

  test('breaks no policy', () => {
    expect(stack.errors()).toEqual([]);
    expect(stack.result.violations.filter(({ level }) => level === 'mandatory')).toEqual([]);
  });

  test('speaks TLS, knows its users and makes no topic by accident', () => {
    const { inputs } = named(stack.aws('msk/cluster'), 'broker');
    expect(inputs).toMatchObject({
      numberOfBrokerNodes: 3,
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
      clientAuthentication: { sasl: { scram: true, iam: true }, unauthenticated: false },
    });
    expect(stack.aws('msk/configuration')[0]?.inputs.serverProperties).toContain(
      'auto.create.topics.enable=false',
    );
    const users = stack
      .aws('secretsmanager/secret')
      .map(({ inputs: { name } }) => name)
      .filter((name: string) => name.startsWith('AmazonMSK_'));
    expect(users).toEqual(services.map((app) => `AmazonMSK_ecommerce-platform-production_${app}`));
  });

  test('is where each service finds it in its Secret, and may reach it', () => {
    expect(variables(stack.one('Deployment', 'order-service-blue'))).toMatchObject({
      KAFKA_BROKERS: { name: 'order-kafka-secret', key: 'brokers' },
      KAFKA_TLS: 'true',
      KAFKA_USERNAME: { name: 'order-kafka-secret', key: 'username' },
    });
    for (const app of services) {
      const { egress } = stack.one('NetworkPolicy', app).spec;
      const brokers = egress.filter(({ ports }: Rendered) => ports[0].port === 9096);
      expect(brokers.flatMap(({ to }: Rendered) => to)).toHaveLength(3);
      expect(JSON.stringify(egress)).not.toContain('"app":"kafka"');
    }
  });

  test('gets the topics and grants of the catalogue from a Job, before any service starts', () => {
    const { KAFKA_TOPICS, KAFKA_GRANTS, KAFKA_BROKERS } = variables(administration());
    const produced = loadCatalogue('production').flatMap(({ topics }) => topics.produces);
    expect(KAFKA_TOPICS.split('\n')).toHaveLength(2 * produced.length);
    expect(KAFKA_TOPICS).toContain('order.order.v1:6:');
    expect(Object.keys(JSON.parse(KAFKA_GRANTS))).toEqual(services);
    expect(KAFKA_BROKERS).toEqual({ name: 'kafka-admin-secret', key: 'brokers' });
    const at = (name: string) => stack.result.resources.findIndex((one) => one.name === name);
    expect(at('kafka-admin-job')).toBeLessThan(at('order-service-blue-deployment'));
  });

  test('takes that Job by a role that can change topics and grants, and no message', () => {
    const role = 'ecommerce-platform-production-kafka-admin';
    expect(named(stack.aws('iam/role'), 'broker-administrator').inputs.name).toBe(role);
    expect(stack.one('ServiceAccount', 'kafka-admin').metadata.annotations).toEqual({
      'eks.amazonaws.com/role-arn': `arn:aws:iam::111122223333:role/${role}`,
    });
    expect(named(stack.aws('iam/rolePolicy'), 'broker-administrator-policy').from('policy')).toContain(
      'broker',
    );
    const { egress } = stack.one('NetworkPolicy', 'kafka-admin').spec;
    expect(egress.flatMap(({ ports }: Rendered) => ports.map(({ port }: Rendered) => port))).toEqual([
      53, 53, 9098, 443,
    ]);
  });
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
