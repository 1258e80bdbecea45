// Order finds product through Consul: what happens to its requests while instances come, fail and go.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkIntervalSeconds } from '@platform/libs/discovery';
import { Customer } from '../../cli/customer';
import { inPlatform } from '../journey/platform';
import { processOf } from '../journey/processes';
import { until } from '../journey/until';

const autoscaler = 'product-service-blue';
jest.setTimeout(300_000);

interface Entry {
  Service: { ID: string };
  Checks: { CheckID: string; Type: string; Status: string }[];
}

let managementToken: string;
const inConsul = async (service: string): Promise<Entry[]> => {
  const watch = `consul watch -type=service -service=${service} -passingonly=true`;
  const command = ['sh', '-c', `CONSUL_HTTP_TOKEN=${managementToken} ${watch}`];
  return JSON.parse(await inPlatform('exec', 'consul-0', '-c', 'consul', '--', ...command)) ?? [];
};
const healthy = async (service: string) => (await inConsul(service)).map(({ Service }) => Service.ID);

const keepAtLeast = async (pods: number) => {
  await inPlatform('patch', 'hpa', autoscaler, '-p', JSON.stringify({ spec: { minReplicas: pods } }));
  await until(
    `${pods} instances in Consul`,
    async () => (await healthy('product-service')).length === pods,
    90,
  );
};

const timesAsked = async (pod: string, productId: string) =>
  (await inPlatform('logs', pod, '-c', 'service')).split(productId).length - 1;

interface Answer {
  at: number;
  status: number;
  ms: number;
}

/** An order for a product that does not exist: order asks product, and nothing is stored. 422 is the right answer. */
class Load {
  readonly productId = `nowhere-${randomUUID()}`;
  readonly answers: Answer[] = [];
  private readonly ended: Promise<void>;
  private going = true;

  constructor(customers: Customer[]) {
    this.ended = this.run(customers);
  }

  private async run(customers: Customer[]) {
    const order = { items: [{ productId: this.productId, quantity: 1 }], paymentMethod: 'pm_card_visa' };
    const one = async (customer: Customer) => {
      const at = Date.now();
      const { status } = await customer.call('POST', '/v1/orders', order, {
        'idempotency-key': randomUUID(),
      });
      this.answers.push({ at, status, ms: Date.now() - at });
    };
    const asked: Promise<void>[] = [];
    for (let turn = 0; this.going; turn++, await sleep(50)) {
      asked.push(one(customers[turn % customers.length] as Customer));
    }
    await Promise.all(asked);
  }

  async stop(): Promise<Answer[]> {
    this.going = false;
    await this.ended;
    return this.answers;
  }
}

const failed = (answers: Answer[], from = 0) =>
  answers.filter(({ at, status }) => at >= from && status !== 422);

/** Twenty orders a second are more than the front door takes from one customer: 120 a minute. */
const shoppers = 16;

describe('instances of a service', () => {
  let customers: Customer[];

  beforeAll(async () => {
    managementToken = Buffer.from(
      await inPlatform('get', 'secret', 'consul-secret', '-o', 'jsonpath={.data.management-token}'),
      'base64',
    ).toString();
    customers = Array.from({ length: shoppers }, () => new Customer(process.env.ECP_FRONT_DOOR as string));
    for (const customer of customers) await customer.register();
    await keepAtLeast(2);
  });
  afterAll(() => inPlatform('patch', 'hpa', autoscaler, '-p', JSON.stringify({ spec: { minReplicas: 1 } })));

  it.each(['cart', 'product', 'order', 'user', 'payment', 'shipping', 'inventory', 'notification'])(
    'of %s are all in Consul, with two passing checks',
    async (name) => {
      const pods = await inPlatform(
        'get',
        'pods',
        '-l',
        `app=${name}-service`,
        '-o',
        'jsonpath={.items[*].metadata.name}',
      );
      const entries = await inConsul(`${name}-service`);
      expect(entries.map(({ Service }) => Service.ID).sort()).toEqual(pods.split(' ').sort());
      for (const { Checks } of entries) {
        const own = Checks.filter(({ CheckID }) => CheckID !== 'serfHealth');
        expect(own.map(({ Type, Status }) => `${Type} ${Status}`).sort()).toEqual([
          'http passing',
          'tcp passing',
        ]);
      }
    },
  );

  it('may be killed under load: errors end within one check interval, and none come after', async () => {
    const [victim] = (await healthy('product-service')) as [string];
    const load = new Load(customers);
    await sleep(2000);
    process.kill(await processOf(victim), 'SIGKILL');
    const killed = Date.now();
    await sleep((checkIntervalSeconds + 5) * 1000);
    const answers = await load.stop();
    expect(answers.length).toBeGreaterThan(100);
    expect(failed(answers, killed + checkIntervalSeconds * 1000)).toEqual([]);
    // Reads are tried again elsewhere, so there is hardly one before that either.
    expect(failed(answers).length).toBeLessThanOrEqual(2);
    await until('it is back', async () => (await healthy('product-service')).includes(victim));
  });

  it('that hang are left out, and taken back when they recover', async () => {
    const [victim] = (await healthy('product-service')) as [string];
    const pid = await processOf(victim);
    const load = new Load(customers);
    try {
      await sleep(1000);
      process.kill(pid, 'SIGSTOP');
      const stopped = Date.now();
      await until(
        'Consul leaves it out',
        async () => !(await healthy('product-service')).includes(victim),
        20,
      );
      const leftOut = Date.now();
      await sleep(3000);
      process.kill(pid, 'SIGCONT');
      await until(
        'Consul takes it back',
        async () => (await healthy('product-service')).includes(victim),
        30,
      );
      const before = await timesAsked(victim, load.productId);
      await until('it is asked again', async () => (await timesAsked(victim, load.productId)) > before, 20);
      const answers = await load.stop();
      expect(failed(answers, leftOut)).toEqual([]);
      // Nobody waits for it any more, well before a whole interval and the check's own time-out are over.
      const late = answers.filter(({ at, ms }) => at > leftOut && at < leftOut + 3000 && ms > 1500);
      expect(late).toEqual([]);
      expect(leftOut - stopped).toBeLessThan((checkIntervalSeconds + 3 + 5) * 1000);
    } finally {
      process.kill(pid, 'SIGCONT');
      await load.stop();
    }
  });

  it('get their share as soon as they are new', async () => {
    const before = await healthy('product-service');
    const load = new Load(customers);
    await keepAtLeast(3);
    const added = (await healthy('product-service')).find((id) => !before.includes(id)) as string;
    await until('the new one is asked', async () => (await timesAsked(added, load.productId)) > 0, 30);
    expect(failed(await load.stop())).toEqual([]);
  });
});
