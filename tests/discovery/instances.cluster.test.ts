// Order finds product through Consul: what happens to its requests while instances come, fail and go.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkIntervalSeconds } from '@platform/libs/discovery';
import { Customer } from '../../cli/customer';
import { root } from '../journey/copy';

const profile = process.env.ECP_PROFILE as string;
const namespace = 'ecommerce-platform';
const autoscaler = 'product-service-blue';
jest.setTimeout(150_000);

const kubectl = (...args: string[]): string => {
  const command = [
    join(root, 'cli/bin/platform.mjs'),
    'kubectl',
    '--profile',
    profile,
    '--',
    '-n',
    namespace,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
};

interface Entry {
  Service: { ID: string };
  Checks: { CheckID: string; Type: string; Status: string }[];
}

let managementToken: string;
const inConsul = (service: string, passing = true): Entry[] => {
  const watch = `consul watch -type=service -service=${service} -passingonly=${passing}`;
  const command = ['sh', '-c', `CONSUL_HTTP_TOKEN=${managementToken} ${watch}`];
  return JSON.parse(kubectl('exec', 'consul-0', '-c', 'consul', '--', ...command)) ?? [];
};
const healthy = (service: string) => inConsul(service).map(({ Service }) => Service.ID);

const until = async (what: string, done: () => boolean, seconds = 60) => {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(300))
    if (done()) return;
  throw new Error(`${what}: not within ${seconds} s`);
};

const keepAtLeast = async (pods: number) => {
  kubectl('patch', 'hpa', autoscaler, '-p', JSON.stringify({ spec: { minReplicas: pods } }));
  await until(`${pods} instances in Consul`, () => healthy('product-service').length === pods, 90);
};

/** The process of a pod's service container, on this machine. */
const processOf = (pod: string): number => {
  const uid = kubectl('get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}');
  const file = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8');
    } catch {
      return ''; // it has just ended
    }
  };
  const found = readdirSync('/proc').find(
    (pid) =>
      /^\d+$/.test(pid) && file(pid, 'cgroup').includes(uid) && file(pid, 'cmdline').includes('main.js'),
  );
  if (!found) throw new Error(`no process of pod ${pod} was found`);
  return Number(found);
};

const timesAsked = (pod: string, productId: string) =>
  kubectl('logs', pod, '-c', 'service').split(productId).length - 1;

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
      kubectl('get', 'secret', 'consul-secret', '-o', 'jsonpath={.data.management-token}'),
      'base64',
    ).toString();
    customers = Array.from({ length: shoppers }, () => new Customer(process.env.ECP_FRONT_DOOR as string));
    for (const customer of customers) await customer.register();
    await keepAtLeast(2);
  });
  afterAll(() => kubectl('patch', 'hpa', autoscaler, '-p', JSON.stringify({ spec: { minReplicas: 1 } })));

  it.each(['product', 'order', 'user', 'payment'])(
    'of %s are all in Consul, with two passing checks',
    async (name) => {
      const pods = kubectl(
        'get',
        'pods',
        '-l',
        `app=${name}-service`,
        '-o',
        'jsonpath={.items[*].metadata.name}',
      );
      const entries = inConsul(`${name}-service`);
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
    const [victim] = healthy('product-service') as [string];
    const load = new Load(customers);
    await sleep(2000);
    process.kill(processOf(victim), 'SIGKILL');
    const killed = Date.now();
    await sleep((checkIntervalSeconds + 5) * 1000);
    const answers = await load.stop();
    expect(answers.length).toBeGreaterThan(100);
    expect(failed(answers, killed + checkIntervalSeconds * 1000)).toEqual([]);
    // Reads are tried again elsewhere, so there is hardly one before that either.
    expect(failed(answers).length).toBeLessThanOrEqual(2);
    await until('it is back', () => healthy('product-service').includes(victim));
  });

  it('that hang are left out, and taken back when they recover', async () => {
    const [victim] = healthy('product-service') as [string];
    const pid = processOf(victim);
    const load = new Load(customers);
    try {
      await sleep(1000);
      process.kill(pid, 'SIGSTOP');
      const stopped = Date.now();
      await until('Consul leaves it out', () => !healthy('product-service').includes(victim), 20);
      const leftOut = Date.now();
      await sleep(3000);
      process.kill(pid, 'SIGCONT');
      await until('Consul takes it back', () => healthy('product-service').includes(victim), 30);
      const before = timesAsked(victim, load.productId);
      await until('it is asked again', () => timesAsked(victim, load.productId) > before, 20);
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
    const before = healthy('product-service');
    const load = new Load(customers);
    await keepAtLeast(3);
    const added = healthy('product-service').find((id) => !before.includes(id)) as string;
    await until('the new one is asked', () => timesAsked(added, load.productId) > 0, 30);
    expect(failed(await load.stop())).toEqual([]);
  });
});
