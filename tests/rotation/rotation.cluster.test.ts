// Passwords are changed while customers are served; not one of their requests may fail.
import { Customer } from '../../cli/customer';
import { embedded, platform, tryInPlatform } from '../journey/platform';

const address = process.env.ECP_FRONT_DOOR as string;
jest.setTimeout(800_000);

const secretValue = async (name: string, key: string) => {
  const { stdout } = await tryInPlatform('get', 'secret', name, '-o', `jsonpath={.data.${key}}`);
  return Buffer.from(stdout, 'base64').toString();
};

const generation = async (name: string): Promise<number> =>
  JSON.parse((await platform(['secrets', 'list', ...embedded, '--json'])).stdout)[name].generation;

const rotate = async (name: string, killAfterMs?: number) => {
  const { status, stdout, stderr } = await platform(['secrets', 'rotate', name, ...embedded], {
    killAfterMs,
  });
  return { code: status, said: stdout + stderr };
};

/** Customers who look at products, place orders and look them up, one request after another, until told to stop. */
const startLoad = async (customers: number) => {
  let stopped = false;
  let requests = 0;
  const failures: string[] = [];
  const lives = await Promise.all(
    Array.from({ length: customers }, async () => {
      const customer = new Customer(address);
      await customer.register();
      return customer;
    }),
  );
  const request = async (work: () => Promise<unknown>) => {
    requests++;
    await work().catch((error: Error) => failures.push(`${new Date().toISOString()} ${error.message}`));
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const running = lives.map(async (customer) => {
    const [product] = (await customer.products('?limit=50')).sort((a, b) => b.available - a.available);
    const productId = product?.id ?? '';
    const first = await customer.placeOrder([{ productId, quantity: 1 }], 'pm_card_visa');
    for (let round = 0; !stopped; round++) {
      await request(() => customer.products(`?limit=${10 + (round % 20)}`));
      await request(() => customer.order(first.id));
      if (round % 20 === 0)
        await request(() => customer.placeOrder([{ productId, quantity: 1 }], 'pm_card_visa'));
    }
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
      return { requests, failures };
    },
  };
};

/** Over TCP, as a client would: of its own socket the server asks no password. */
const loginOf = (url: string) => {
  const { username, password, pathname } = new URL(url);
  const client = `postgres://${username}:${password}@127.0.0.1:5432${pathname}`;
  return tryInPlatform(
    'exec',
    'postgres-0',
    '-c',
    'postgres',
    '--',
    'sh',
    '-c',
    `psql "${client}" -tAc 'select current_user'`,
  );
};

describe('a secret is rotated under load', () => {
  it('without a failed request: the database password of order, and the old one is refused afterwards', async () => {
    const before = await secretValue('order-database-secret', 'url');
    const was = await generation('order-database-secret');
    expect((await loginOf(before)).stdout.trim()).toBe('order');
    const load = await startLoad(4);
    const { code, said } = await rotate('order-database-secret');
    const { requests, failures } = await load.stop();
    process.stderr.write(`order-database-secret: ${requests} requests, ${failures.length} failed\n`);
    expect([code, said]).toEqual([0, expect.stringContaining(`generation ${was} → ${was + 1}`)]);
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(100);
    const after = await secretValue('order-database-secret', 'url');
    expect(new URL(after).password).not.toBe(new URL(before).password);
    expect((await loginOf(after)).stdout.trim()).toBe('order');
    expect((await loginOf(before)).status).not.toBe(0);
    for (const url of [before, after]) expect(said).not.toContain(new URL(url).password);
  });

  it('without a failed request: the password of Redis, and the old one is refused afterwards', async () => {
    const before = await secretValue('redis-secret', 'password');
    const load = await startLoad(4);
    const { code } = await rotate('redis-secret');
    const { requests, failures } = await load.stop();
    process.stderr.write(`redis-secret: ${requests} requests, ${failures.length} failed\n`);
    expect(code).toBe(0);
    expect(failures).toEqual([]);
    const ping = async (password: string) => {
      const shell = ['sh', '-c', `REDISCLI_AUTH=${password} redis-cli ping`];
      return (await tryInPlatform('exec', 'redis-0', '-c', 'redis', '--', ...shell)).stdout;
    };
    expect(await ping(await secretValue('redis-secret', 'password'))).toContain('PONG');
    expect(await ping(before)).not.toContain('PONG');
  });

  it('and finished by the same command after it was killed, without taking a second step', async () => {
    const was = await generation('payment-database-secret');
    const load = await startLoad(2);
    await rotate('payment-database-secret', 6_000);
    const { code, said } = await rotate('payment-database-secret');
    const { failures } = await load.stop();
    expect([code, said]).toEqual([0, expect.stringContaining(`generation ${was} → ${was + 1}`)]);
    expect(failures).toEqual([]);
    expect(await generation('payment-database-secret')).toBe(was + 1);
  });
});
