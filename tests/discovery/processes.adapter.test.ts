// The services themselves as processes: order finds product through a real Consul while instances come, go and die.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkIntervalSeconds, createConsulAgent } from '@platform/libs/discovery';
import { consulProgram, startConsul, startKafka, startPostgres } from '@platform/libs/testing';
import { freePort, runToEnd, type ServerProcess, startServer } from '../../libs/testing/process';
import { createTokens } from '../../services/order/testTokens';

jest.setTimeout(120_000);
if (!consulProgram()) console.warn('Skipped: ECP_CONSUL is not set, so there is no Consul to test against.');
const withConsul = consulProgram() ? describe : describe.skip;

const root = join(__dirname, '../..');
const command = (service: string, ...more: string[]) => [
  ...['--require', require.resolve('tsx/cjs'), join(root, 'services', service, 'main.ts')],
  ...more,
];

/** An order for a product that does not exist: order asks product, and nothing is stored. */
const rightAnswer = 422;

withConsul('a service that calls another', () => {
  const tokens = createTokens();
  const stops: (() => Promise<unknown>)[] = [];
  const products = new Map<string, ServerProcess>();
  let issuer: Server;
  let consulUrl: string;
  let common: NodeJS.ProcessEnv;
  let orderUrl: string;

  const start = async (service: string, id: string, env: NodeJS.ProcessEnv) => {
    const [port, checkPort] = [await freePort(), await freePort()];
    const server = startServer(process.execPath, command(service), {
      cwd: root,
      env: {
        ...common,
        ...env,
        PORT: String(port),
        INSTANCE_ID: id,
        INSTANCE_ADDRESS: '127.0.0.1',
        INSTANCE_COLOUR: 'blue',
        INSTANCE_AUTHORITY: `${service}-service-instances.shop.svc.cluster.local:${port}`,
        INSTANCE_CHECK_PORT: String(checkPort),
      },
    });
    return { server, url: `http://127.0.0.1:${port}` };
  };
  let productDatabase: string;
  const startProduct = async (id: string) => {
    const { server } = await start('product', id, { DATABASE_URL: productDatabase });
    products.set(id, server);
  };

  const healthy = async () => {
    const signal = new AbortController().signal;
    const agent = createConsulAgent({ url: consulUrl });
    const { instances } = await agent.healthy('product-service', { index: 0, waitSeconds: 1, signal });
    return instances.map(({ id }) => id).sort();
  };
  const untilHealthy = async (...ids: string[]) => {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50))
      if (String(await healthy()) === String(ids)) return;
    throw new Error(
      `healthy are ${await healthy()}, not ${ids}:\n${[...products.values()].map((one) => one.output())}`,
    );
  };

  const load = () => {
    const answers: { at: number; status: number }[] = [];
    const productId = `nowhere-${randomUUID()}`;
    let going = true;
    const one = async () => {
      const at = Date.now();
      const { status } = await fetch(`${orderUrl}/v1/orders`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens.token()}`,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify({ items: [{ productId, quantity: 1 }], paymentMethod: 'pm_card_visa' }),
      });
      answers.push({ at, status });
    };
    const ended = (async () => {
      const asked: Promise<void>[] = [];
      for (; going; await sleep(20)) asked.push(one());
      await Promise.all(asked);
    })();
    return {
      timesAsked: (id: string) => (products.get(id)?.output().split(productId).length ?? 1) - 1,
      async stop() {
        going = false;
        await ended;
        return answers;
      },
    };
  };
  const failedSince = (answers: { at: number; status: number }[], from: number) =>
    answers.filter(({ at, status }) => at >= from && status !== rightAnswer);

  beforeAll(async () => {
    const [postgres, kafka, consul] = await Promise.all([startPostgres(), startKafka(), startConsul()]);
    stops.push(
      () => postgres.stop(),
      () => kafka.stop(),
      () => consul.stop(),
    );
    consulUrl = consul.url;
    issuer = createServer((_request, response) => response.end(JSON.stringify(tokens.jwks))).listen(
      0,
      '127.0.0.1',
    );
    await once(issuer, 'listening');
    common = {
      PATH: process.env.PATH,
      KAFKA_BROKERS: kafka.brokers.join(','),
      CONSUL_URLS: consul.url,
      JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`,
      // Nothing answers there: what is answered came by way of an instance.
      PRODUCT_SERVICE_URL: 'http://product-service.invalid',
      SHIPPING_SERVICE_URL: 'http://shipping-service.invalid',
    };
    productDatabase = await postgres.createDatabase();
    const orderDatabase = await postgres.createDatabase();
    for (const [service, url] of [
      ['product', productDatabase],
      ['order', orderDatabase],
    ] as const) {
      await runToEnd(process.execPath, command(service, 'migrate'), {
        cwd: root,
        env: { ...common, DATABASE_URL: url },
      });
    }
    const order = await start('order', 'order-1', { DATABASE_URL: orderDatabase });
    stops.unshift(() => order.server.stop('SIGKILL'));
    orderUrl = order.url;
    await Promise.all([startProduct('product-1'), startProduct('product-2')]);
    await untilHealthy('product-1', 'product-2');
    for (let status = 0; status !== rightAnswer; await sleep(200)) {
      const probe = load();
      await sleep(100);
      status = (await probe.stop().catch(() => [])).at(-1)?.status ?? 0;
    }
  }, 120_000);
  afterAll(async () => {
    await Promise.all([...products.values()].map((server) => server.stop('SIGKILL')));
    for (const stop of stops) await stop();
    issuer?.close();
  });

  test('asks all instances, a new one as soon as it is healthy', async () => {
    const asking = load();
    await startProduct('product-3');
    await untilHealthy('product-1', 'product-2', 'product-3');
    for (
      const deadline = Date.now() + 10_000;
      Date.now() < deadline && asking.timesAsked('product-3') === 0;
    )
      await sleep(50);
    for (const id of ['product-1', 'product-2', 'product-3'])
      expect([id, asking.timesAsked(id) > 0]).toEqual([id, true]);
    expect(failedSince(await asking.stop(), 0)).toEqual([]);
  });

  test('loses no request when one is told to stop', async () => {
    const asking = load();
    await sleep(500);
    await products.get('product-3')?.stop('SIGTERM');
    await sleep(500);
    const answers = await asking.stop();
    expect(answers.length).toBeGreaterThan(20);
    expect(failedSince(answers, 0)).toEqual([]);
    expect(await healthy()).toEqual(['product-1', 'product-2']);
  });

  test('has no error one check interval after an instance was killed', async () => {
    const asking = load();
    await sleep(500);
    const killed = Date.now();
    await products.get('product-2')?.stop('SIGKILL');
    await sleep(checkIntervalSeconds * 1000 + 3000);
    const answers = await asking.stop();
    const failures = failedSince(answers, killed);
    console.info(`${answers.length} requests, ${failures.length} failed after the kill`);
    expect(failedSince(answers, killed + checkIntervalSeconds * 1000)).toEqual([]);
    expect(await healthy()).toEqual(['product-1']);
  });
});
