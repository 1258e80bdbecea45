import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpClient, type HttpClient } from '../resilience';
import { createLogger } from '../telemetry';
import { consulProgram, startConsul, type TestConsul } from '../testing';
import { checkIntervalSeconds, createConsulAgent, createDiscovery, type Discovery } from '.';

const logger = createLogger('discovery-test', { level: 'silent' });
const service = 'product-service';
/** A check is due every interval; the rest is for a busy machine. */
const patienceMs = (checkIntervalSeconds + 10) * 1000;
jest.setTimeout(90_000);

if (!consulProgram()) console.warn('Skipped: ECP_CONSUL is not set, so there is no Consul to test against.');
const withConsul = consulProgram() ? describe : describe.skip;

const until = async (what: string, done: () => Promise<boolean> | boolean, ms = patienceMs) => {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(50)) {
    if (await done()) return;
  }
  throw new Error(`${what}: not within ${ms} ms`);
};

/** A process of the product service, as far as Consul and callers can tell. */
class Instance {
  ready = true;
  status = 200;
  requests = 0;
  readonly hosts = new Set<string>();
  private constructor(
    readonly id: string,
    private readonly server: Server,
    private readonly discovery: Discovery,
  ) {
    server.on('request', (request, response) => {
      if (request.url === '/ready') {
        this.hosts.add(request.headers.host ?? '');
        response.statusCode = this.ready ? 200 : 503;
        return response.end();
      }
      this.requests += 1;
      response.statusCode = this.status;
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ id, host: request.headers.host }));
    });
  }

  static async start(id: string, urls: string[]): Promise<Instance> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const discovery = createDiscovery(
      { ...configuration(id, urls), PORT: (server.address() as AddressInfo).port },
      logger,
    ) as Discovery;
    const instance = new Instance(id, server, discovery);
    await discovery.register();
    return instance;
  }

  /** As SIGTERM does. */
  leave = () => this.discovery.leave();

  /** As SIGKILL does: nobody is told. */
  die() {
    this.server.closeAllConnections();
    this.server.close();
    this.discovery.stop();
  }
}

let nextCheckPort = 21_500;
const configuration = (id: string, urls: string[]) => ({
  SERVICE_NAME: service,
  SERVICE_VERSION: 'v1',
  PORT: 1,
  CONSUL_URLS: urls,
  INSTANCE_ID: id,
  INSTANCE_ADDRESS: '127.0.0.1',
  INSTANCE_COLOUR: 'blue',
  INSTANCE_AUTHORITY: `${service}-instances.shop.svc.cluster.local:3001`,
  INSTANCE_CHECK_PORT: nextCheckPort++,
});

const healthyIds = async (url: string): Promise<string[]> => {
  const { instances } = await createConsulAgent({ url }).healthy(service, {
    ...{ index: 0, waitSeconds: 1, signal: new AbortController().signal },
  });
  return instances.map(({ id }) => id).sort();
};
const untilHealthy = (url: string, ids: string[]) =>
  until(`healthy: ${ids}`, async () => String(await healthyIds(url)) === String(ids));

withConsul('with a real Consul', () => {
  let consul: TestConsul;
  let caller: Discovery;
  let client: HttpClient;
  const instances = new Map<string, Instance>();
  const start = async (id: string, urls = [consul.url]) => {
    const instance = await Instance.start(id, urls);
    instances.set(id, instance);
    return instance;
  };
  const ask = async () => (await client.request('GET', '/')).body as { id: string; host: string };
  const asked = async (times: number) => {
    const counts: Record<string, number> = {};
    for (let n = 0; n < times; n++) {
      const { id } = await ask();
      counts[id] = (counts[id] ?? 0) + 1;
    }
    return counts;
  };

  beforeEach(async () => {
    consul = await startConsul();
    caller = createDiscovery(
      { ...configuration('caller', [consul.url]), SERVICE_NAME: 'order-service' },
      logger,
    ) as Discovery;
    client = createHttpClient({
      ...{ name: 'product', baseUrl: `http://${service}.invalid`, timeoutMs: 500 },
      endpoints: caller.endpoints(`http://${service}.invalid`),
    });
  });
  afterEach(async () => {
    caller.stop();
    for (const instance of instances.values()) {
      await instance.leave();
      instance.die();
    }
    instances.clear();
    await consul.stop();
  });

  test('registers an instance with an HTTP and a TCP check, asked under the name the mesh knows', async () => {
    const a = await start('a');
    await untilHealthy(consul.url, ['a']);
    const checks = (await (await fetch(`${consul.url}/v1/health/checks/${service}`)).json()) as {
      Type: string;
    }[];
    expect(checks.map(({ Type }) => Type).sort()).toEqual(['http', 'tcp']);
    expect([...a.hosts]).toEqual([`${service}-instances.shop.svc.cluster.local:3001`]);
    const [entry] = (await (await fetch(`${consul.url}/v1/health/service/${service}`)).json()) as {
      Service: { Tags: string[] };
    }[];
    expect(entry?.Service.Tags).toEqual(['v1', 'blue']);
  });

  test('shares requests evenly over healthy instances, and sends some to a new one', async () => {
    await start('a');
    await start('b');
    await untilHealthy(consul.url, ['a', 'b']);
    await until('both are asked', async () => Object.keys(await asked(4)).length === 2);
    expect(await asked(10)).toEqual({ a: 5, b: 5 });
    expect((await ask()).host).toBe(`${service}-instances.shop.svc.cluster.local:3001`);
    await start('c');
    await untilHealthy(consul.url, ['a', 'b', 'c']);
    await until('all three are asked', async () => Object.keys(await asked(3)).length === 3);
  });

  test('takes out an instance whose process is gone within one interval, while callers notice nothing', async () => {
    await start('a');
    const b = await start('b');
    await untilHealthy(consul.url, ['a', 'b']);
    await until('both are asked', async () => Object.keys(await asked(4)).length === 2);
    b.die();
    const died = Date.now();
    let leftOutAfterMs = Number.POSITIVE_INFINITY;
    while (Date.now() - died < checkIntervalSeconds * 1000 + 2000) {
      // A try at the dead one is made again at the other: the caller of the client sees no failure.
      expect((await ask()).id).toBe('a');
      if (leftOutAfterMs === Number.POSITIVE_INFINITY && String(await healthyIds(consul.url)) === 'a')
        leftOutAfterMs = Date.now() - died;
      await sleep(20);
    }
    expect(leftOutAfterMs).toBeLessThanOrEqual(checkIntervalSeconds * 1000 + 1000);
  });

  test('leaves out one that answers 5xx long before its check says so, and takes it back when it recovers', async () => {
    const a = await start('a');
    await start('b');
    await untilHealthy(consul.url, ['a', 'b']);
    await until('both are asked', async () => Object.keys(await asked(4)).length === 2);
    a.status = 500;
    await asked(20);
    const before = a.requests;
    expect(await asked(10)).toEqual({ b: 10 });
    expect(a.requests).toBe(before);
    a.status = 200;
    await until('a is asked again', async () => 'a' in (await asked(2)));
    expect(await asked(10)).toEqual({ a: 5, b: 5 });
  });

  test('leaves out one that is not ready, and takes it back', async () => {
    const a = await start('a');
    await untilHealthy(consul.url, ['a']);
    a.ready = false;
    await untilHealthy(consul.url, []);
    a.ready = true;
    await untilHealthy(consul.url, ['a']);
  });

  test('registers again what Consul has forgotten', async () => {
    await start('a');
    await untilHealthy(consul.url, ['a']);
    await createConsulAgent({ url: consul.url }).deregister('a');
    expect(await healthyIds(consul.url)).toEqual([]);
    await untilHealthy(consul.url, ['a']);
  });

  test('is out of the list as soon as it says farewell', async () => {
    const a = await start('a');
    await untilHealthy(consul.url, ['a']);
    await a.leave();
    expect(await healthyIds(consul.url)).toEqual([]);
  });

  test('goes on with what is known while Consul is away', async () => {
    const a = await start('a');
    await untilHealthy(consul.url, ['a']);
    await until('a is asked', async () => (await ask().catch(() => ({ id: '' }))).id === 'a');
    await consul.kill();
    expect(await asked(5)).toEqual({ a: 5 });
    await a.leave();
    expect(await asked(5)).toEqual({ a: 5 });
    await consul.restart();
  });

  test('is looked after by exactly one agent, another one when that is away', async () => {
    const other = await startConsul();
    try {
      await start('a', [consul.url, other.url]);
      const holders = async () =>
        (
          await Promise.all(
            [consul, other].map(async ({ url }) =>
              (await createConsulAgent({ url })
                .holds('a')
                .catch(() => false))
                ? [url]
                : [],
            ),
          )
        ).flat();
      await until('one holds it', async () => (await holders()).length === 1);
      const [first] = await holders();
      const keeper = first === consul.url ? consul : other;
      await keeper.kill();
      await until('the other holds it', async () => (await holders()).length === 1);
      await keeper.restart();
      await until('only the first holds it', async () => String(await holders()) === String([first]));
    } finally {
      await other.stop();
    }
  });
});

test('says which variable is missing where Consul is configured', () => {
  expect(() =>
    createDiscovery({ ...configuration('a', ['http://127.0.0.1:1']), INSTANCE_ADDRESS: undefined }, logger),
  ).toThrow('INSTANCE_ADDRESS is not set');
  expect(createDiscovery({ ...configuration('a', []), CONSUL_URLS: undefined }, logger)).toBeUndefined();
});
