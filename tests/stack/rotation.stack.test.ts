// A raised generation, as the program renders it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadCatalogue } from '../../infra/catalog/load';
import { parseConfig } from '../../infra/config';
import { createContext } from '../../infra/stacks/context';
import { secretEntries } from '../../infra/stacks/secrets';
import { localImages, type Rendered, render, root, type Stack } from './stack';

jest.setTimeout(300_000);

const rotated = (generations: Record<string, number>) =>
  render('local', {
    config: { ...localImages, 'ecommerce-platform:secretGenerations': JSON.stringify(generations) },
    policies: false,
  });

const jobs = (stack: Stack) =>
  stack.all('Job').map(({ metadata }) => (metadata.name as string).replace(/-[0-9a-f]{8}$/, ''));
const variable = (job: Rendered, name: string) =>
  job.spec.template.spec.containers[0].env.find((each: Rendered) => each.name === name)?.value;
const generations = (stack: Stack, deployment: string) =>
  stack.one('Deployment', deployment).spec.template.metadata.annotations[
    'ecommerce-platform/secret-generations'
  ];

test('at first nothing is withdrawn', async () => {
  const stack = await rotated({});
  expect(jobs(stack).filter((name) => /password/.test(name))).toEqual([]);
  expect(stack.all('Job').some((job) => variable(job, 'WITHDRAWN_ROLE'))).toBe(false);
});

test('a database’s next password belongs to its other role, and rolls its service only', async () => {
  const stack = await rotated({ 'order-database-secret': 2 });
  const roles = stack.all('Job').flatMap((job) => variable(job, 'SERVICE_ROLE') ?? []);
  expect(roles.sort()).toEqual([
    ...[
      'cart_a',
      'inventory_a',
      'notification_a',
      'order_b',
      'payment_a',
      'product_a',
      'shipping_a',
      'user_a',
    ],
  ]);
  expect(stack.all('Job').flatMap((job) => variable(job, 'WITHDRAWN_ROLE') ?? [])).toEqual(['order_a']);
  expect(generations(stack, 'order-service-blue')).toBe('order-database-secret=2 order-consul-secret=1');
  expect(generations(stack, 'product-service-blue')).toBe(
    'database-secret=1 redis-secret=1 product-consul-secret=1',
  );
});

test('Redis admits the next password before the pods that bring it, and withdraws the last after them', async () => {
  const stack = await rotated({ 'redis-secret': 3 });
  expect(jobs(stack).filter((name) => name === 'redis-password')).toHaveLength(2);
  expect(generations(stack, 'product-service-blue')).toContain('database-secret=1 redis-secret=3');
});

test('Consul knows a service’s next token before its pods bring it, and revokes the last after them', async () => {
  const stack = await rotated({ 'order-consul-secret': 2 });
  const scripts = stack
    .all('Job')
    .filter(({ metadata }) => metadata.name.startsWith('consul-acl-'))
    .map((job) => [job.spec.template.spec.containers[0].command.at(-1), variable(job, 'NAMES')]);
  expect(scripts).toEqual([
    ['/scripts/consul-acl.sh', ['consul-agent', ...(stack.result.outputs.services as string[])].join(' ')],
    ['/scripts/consul-withdraw.sh', 'order-service'],
  ]);
  const at = (name: string) => stack.result.resources.findIndex((one) => one.name === name);
  expect(at('consul-acl-job')).toBeLessThan(at('order-service-blue-deployment'));
  expect(at('order-service-blue-deployment')).toBeLessThan(at('consul-acl-withdrawal-job'));
  expect(generations(stack, 'order-service-blue')).toContain('order-consul-secret=2');
  expect(generations(stack, 'product-service-blue')).not.toContain('=2');
});

test('what stands in for the gateways learns new keys together with the service that uses them', async () => {
  const stack = await rotated({ 'stripe-secret': 2 });
  expect(generations(stack, 'payment-sandbox')).toContain('stripe-secret=2');
  expect(generations(stack, 'payment-service-blue')).toContain('stripe-secret=2');
});

describe('a value kept in a secrets manager', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render('production', {
      config: { 'ecommerce-platform:secretGenerations': JSON.stringify({ 'order-database-secret': 3 }) },
      policies: false,
    });
  });
  const keys = (name: string): string[] =>
    Object.keys(stack.one('ExternalSecret', name).spec.target.template.data).filter((key) =>
      key.startsWith('generation-'),
    );

  test('is fetched only after it was put there', () => {
    const types = stack.result.resources.map(({ type }) => type);
    const lastPut = types.lastIndexOf('aws:secretsmanager/secretVersion:SecretVersion');
    expect(lastPut).toBeGreaterThan(0);
    expect(types.indexOf('kubernetes:external-secrets.io/v1:ExternalSecret')).toBeGreaterThan(lastPut);
  });

  test('is fetched anew with its generation; a pod of the generation before can still be restarted', () => {
    expect(stack.one('ExternalSecret', 'order-database-secret').metadata.annotations).toEqual({
      'force-sync': '3',
    });
    expect(keys('order-database-secret')).toEqual(['generation-2', 'generation-3']);
    expect(keys('payment-database-secret')).toEqual(['generation-1']);
  });

  test('is given by people exactly where the platform does not put it there', () => {
    const { config } = parse(readFileSync(join(root, 'Pulumi.production.yaml'), 'utf8'));
    const settings = Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
    const context = createContext(parseConfig(Object.fromEntries(settings)), loadCatalogue('production'));
    const given = Object.entries(secretEntries(context)).filter(([, entry]) => entry.given);
    const empty = stack
      .aws('secretsmanager/secret')
      .filter(({ inputs }) => inputs.description === 'Put in by whoever has the keys')
      .map(({ inputs }) => (inputs.name as string).split('/').at(-1));
    // The password of the database's administrator is RDS's own.
    expect(given.map(([name]) => name).sort()).toEqual([...empty, 'postgres-secret'].sort());
    expect(empty).toContain('stripe-secret');
  });

  test('is waited for by every container that reads it', () => {
    const waiting = stack
      .workloads()
      .flatMap(({ spec }) => [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers])
      .filter(({ env = [] }) => JSON.stringify(env).includes('"order-database-secret"'));
    expect(waiting.length).toBeGreaterThanOrEqual(6);
    for (const { env } of waiting) {
      expect(env).toContainEqual({
        name: 'ORDER_DATABASE_SECRET_GENERATION',
        valueFrom: { secretKeyRef: { name: 'order-database-secret', key: 'generation-3' } },
      });
    }
  });

  test('is waited for nowhere else: other Secrets are there with their values or not at all', async () => {
    const local = await rotated({ 'order-database-secret': 3 });
    expect(JSON.stringify(local.workloads())).not.toContain('generation-');
  });
});

test('a misspelt name is refused, with those there are', async () => {
  const stack = await rotated({ 'orders-secret': 2 });
  expect(stack.result.exitCode).not.toBe(0);
  expect(stack.errors().join('\n')).toMatch(
    /no Secret "orders-secret"; there are carriers-secret, cart-consul-secret, /,
  );
});

test('a key that stored data are sealed with cannot be made anew', async () => {
  const stack = await rotated({ 'user-mfa-secret': 2 });
  expect(stack.result.exitCode).not.toBe(0);
  expect(stack.errors().join('\n')).toMatch(/data are sealed with "user-mfa-secret"/);
});

test('without the values a stack is to give, it says how to set them, and shows none', async () => {
  const values = { 'redis-secret': { password: 'Marker0That0Must0Hide' } };
  const stack = await render('local', {
    config: {
      ...localImages,
      'ecommerce-platform:secrets': 'pulumi',
      'ecommerce-platform:secretValues': JSON.stringify(values),
    },
    policies: false,
  });
  const said = stack.errors().join('\n');
  expect(said).toMatch(
    /pulumi config set --secret --path 'ecommerce-platform:secretValues\.[a-z-]+\.password'/,
  );
  expect(said).not.toContain('Marker0That0Must0Hide');
});

test('values a stack gives reach the Secrets and nothing else', async () => {
  const marker = 'Marker0That0Must0Hide';
  const password = { password: marker };
  const values = {
    ...{ 'postgres-secret': password, 'redis-secret': password, 'database-secret': password },
    ...{ 'order-database-secret': password, 'payment-database-secret': password },
    ...{ 'cart-database-secret': password, 'shipping-database-secret': password },
    ...{ 'inventory-database-secret': password },
    ...{
      'user-database-secret': password,
      'jwt-secret': { 'keys.json': JSON.stringify({ active: marker, keys: [] }) },
    },
    'user-mfa-secret': { 'encryption-key': marker },
    'notification-database-secret': password,
    'notification-client-secret': { secret: marker },
  };
  const stack = await render('local', {
    config: {
      ...localImages,
      'ecommerce-platform:secrets': 'pulumi',
      'ecommerce-platform:secretValues': JSON.stringify(values),
    },
    policies: false,
  });
  expect(stack.errors()).toEqual([]);
  expect(stack.all('Secret').map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(Object.keys(values)),
  );
  // What the engine prints of a Secret is its own matter, and tested there; nothing else may hold a value.
  const { resources, ...rest } = stack.result;
  const others = resources.filter(({ type }) => type !== 'kubernetes:core/v1:Secret');
  const shown = JSON.stringify([others, rest]);
  const found = [marker, Buffer.from(marker).toString('base64')].filter((text) => shown.includes(text));
  expect(found).toEqual([]);
});
