// The access rules of the program, made by the program's own script in a real Consul.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { consulProgram, startConsul, type TestConsul } from '@platform/libs/testing';
import { agentConfiguration, agentRules, serviceRules, tokenOf } from '../../infra/stacks/consul';

jest.setTimeout(120_000);
if (!consulProgram()) console.warn('Skipped: ECP_CONSUL is not set, so there is no Consul to test against.');
const withConsul = consulProgram() ? describe : describe.skip;

const tokens = {
  management: tokenOf('management'),
  agent: tokenOf('agent'),
  product: tokenOf('product'),
  order: tokenOf('order'),
};
const secrets = { gossipKey: 'g'.repeat(32), managementToken: tokens.management, agentToken: tokens.agent };

withConsul('access to Consul', () => {
  let consul: TestConsul;
  const run = (script: string, env: Record<string, string>) =>
    spawnSync('sh', [join(__dirname, '../../infra/stacks', script)], {
      encoding: 'utf8',
      env: {
        PATH: `${dirname(consulProgram() as string)}:${process.env.PATH}`,
        CONSUL_HTTP_ADDR: consul.url,
        CONSUL_HTTP_TOKEN: tokens.management,
        ...env,
      },
    });
  const makeRules = (order = tokens.order) =>
    run('consul-acl.sh', {
      NAMES: 'consul-agent product-service order-service',
      consul_agent_RULES: agentRules(),
      consul_agent_TOKEN: tokens.agent,
      product_service_RULES: serviceRules('product-service', []),
      product_service_TOKEN: tokens.product,
      order_service_RULES: serviceRules('order-service', ['product-service']),
      order_service_TOKEN: order,
    });
  const call = async (token: string | undefined, method: string, path: string, body?: unknown) =>
    fetch(consul.url + path, {
      method,
      headers: token ? { 'x-consul-token': token } : {},
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const register = async (token: string | undefined, name: string) =>
    (await call(token, 'PUT', '/v1/agent/service/register', { Name: name, ID: `${name}-1`, Port: 3001 }))
      .status;
  const seen = async (token: string | undefined, name: string) =>
    ((await (await call(token, 'GET', `/v1/health/service/${name}`)).json()) as unknown[]).length;

  beforeAll(async () => {
    consul = await startConsul(agentConfiguration(secrets));
  });
  afterAll(() => consul?.stop());

  test('is made by a script that may run twice', () => {
    const first = makeRules();
    expect([first.status, first.stderr]).toEqual([0, '']);
    const again = makeRules();
    expect([again.status, again.stderr]).toEqual([0, '']);
    for (const token of Object.values(tokens)) expect(first.stdout + again.stdout).not.toContain(token);
  });

  test('lets a service register itself and nobody else', async () => {
    expect(await register(tokens.product, 'product-service')).toBe(200);
    expect(await register(tokens.order, 'order-service')).toBe(200);
    expect(await register(tokens.order, 'product-service')).toBe(403);
    expect(await register(undefined, 'product-service')).toBe(403);
  });

  test('lets a service see those it calls and nobody else', async () => {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      if ((await seen(tokens.order, 'product-service')) > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(await seen(tokens.order, 'product-service')).toBe(1);
    expect(await seen(tokens.product, 'order-service')).toBe(0);
    expect(await seen(undefined, 'product-service')).toBe(0);
  });

  test('keeps services from the store, from tokens and from the keys of gossip', async () => {
    expect((await call(tokens.order, 'PUT', '/v1/kv/x', 'y')).status).toBe(403);
    expect((await call(tokens.order, 'GET', '/v1/acl/tokens')).status).toBe(403);
    expect((await call(tokens.order, 'GET', '/v1/operator/keyring')).status).toBe(403);
  });

  test('takes another token beside the first, and revokes the first once it is told to', async () => {
    const next = tokenOf('order, made anew');
    const withdraw = (order: string) =>
      run('consul-withdraw.sh', { NAMES: 'order-service', order_service_TOKEN: order });
    expect([makeRules(next).status, await register(tokens.order, 'order-service')]).toEqual([0, 200]);
    expect(await register(next, 'order-service')).toBe(200);

    expect(withdraw(next)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: 'order-service: a former token is revoked\n',
    });
    expect(await register(next, 'order-service')).toBe(200);
    expect(await register(tokens.order, 'order-service')).toBe(403);
    expect(await register(tokens.product, 'product-service')).toBe(200);

    expect(withdraw(next)).toMatchObject({ status: 0, stdout: '' });
    // A token that Consul does not know revokes nothing.
    expect(withdraw(tokenOf('never made')).status).not.toBe(0);
    expect(await register(next, 'order-service')).toBe(200);
  });
});
