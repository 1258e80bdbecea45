import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Customer } from '../../cli/customer';
import { copyOfCheckout, root } from './copy';
import { embedded, inPlatform, kubectl, platform, profile } from './platform';
import { until } from './until';

jest.setTimeout(600_000);

interface Pod {
  metadata: { name: string; deletionTimestamp?: string };
  status: { phase: string; conditions: { type: string; status: string }[] };
}

const pods = async (): Promise<Pod[]> => JSON.parse(await kubectl('get', 'pods', '-A', '-o', 'json')).items;

const isReady = ({ status }: Pod) =>
  status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');

interface Owned {
  kind: string;
  metadata: { name: string; uid: string };
  spec?: object;
}

/** What `up` would have to change in order to change anything. How many pods a Deployment has is for its autoscaler to say. */
const standing = async () => {
  const kinds = 'deployments,statefulsets,services,secrets,jobs';
  const all = await inPlatform('get', kinds, '-o', 'json');
  // Pods of Deployments come and go with the load; another template would show above.
  const alone = await inPlatform(
    'get',
    'pods',
    '-l',
    '!pod-template-hash',
    '-o',
    'jsonpath={.items[*].metadata.uid}',
  );
  return {
    pods: alone.split(' ').sort(),
    objects: (JSON.parse(all).items as Owned[]).map(({ kind, metadata: { name, uid }, spec }) => ({
      ...{ kind, name, uid },
      spec: { ...spec, ...(kind === 'Deployment' && { replicas: undefined }) },
    })),
  };
};

describe('the platform on the embedded cluster', () => {
  it('has every workload ready', async () => {
    // An autoscaler, or a suite before this one, may just have started or ended some.
    let notReady: string[] = [];
    await until('every workload is ready', async () => {
      const running = (await pods()).filter(
        ({ metadata, status }) => !metadata.deletionTimestamp && status.phase !== 'Succeeded',
      );
      expect(running.length).toBeGreaterThanOrEqual(8);
      notReady = running.filter((pod) => !isReady(pod)).map(({ metadata }) => metadata.name);
      return notReady.length === 0;
    }).catch((error: unknown) => {
      expect(notReady).toEqual([]);
      throw error;
    });
  });

  it('changes nothing when it is brought up again', async () => {
    const before = await standing();
    const again = await platform(['up', ...embedded, '--expect-no-changes']);
    expect(`${again.stdout}${again.stderr}`).toContain('unchanged');
    expect(again.status).toBe(0);
    expect(await standing()).toEqual(before);
  });

  it('keeps the password of the database out of state, preview and logs', async () => {
    const url = Buffer.from(
      await kubectl(
        'get',
        'secret',
        'order-database-secret',
        '-n',
        'ecommerce-platform',
        '-o',
        'jsonpath={.data.url}',
      ),
      'base64',
    ).toString();
    const password = new URL(url).password;
    expect(password.length).toBeGreaterThan(15);
    const state = (await platform(['state', 'export', '--profile', profile])).stdout;
    expect(state).toContain('order-database-secret');
    const preview = (await platform(['preview', ...embedded, '--json'])).stdout;
    const logs = await kubectl(
      'logs',
      '-n',
      'ecommerce-platform',
      '-l',
      'app=order-service',
      '--all-containers',
      '--tail=-1',
    );
    expect(logs.length).toBeGreaterThan(0);
    for (const text of [state, preview, logs]) expect(text.includes(password)).toBe(false);
  });

  describe('in a changed checkout', () => {
    let copy: string;
    const up = (cwd: string) => platform(['up', ...embedded], { cwd });

    beforeEach(() => {
      copy = copyOfCheckout();
    });
    afterEach(() => rmSync(copy, { recursive: true, force: true }));

    it('refuses an entry that breaks a rule, with rule, item and fix, and leaves the cluster untouched', async () => {
      const entry = join(copy, 'infra/catalog/order.yaml');
      writeFileSync(
        entry,
        `${readFileSync(entry, 'utf8')}\nenv:\n  STRIPE_API_KEY: sk_live_51Hx0123456789abcdefghij\n`,
      );
      const before = await standing();
      const refused = await up(copy);
      const said = refused.stdout + refused.stderr;
      expect(refused.status).not.toBe(0);
      expect(said).toContain('no-secret-in-env');
      expect(said).toContain('[data/secrets-management]');
      expect(said).toContain('Fix:');
      expect(said).not.toContain('sk_live_51Hx');
      expect(await standing()).toEqual(before);
    });

    it('stops at a key the catalogue does not know, and names the file', async () => {
      const entry = join(copy, 'infra/catalog/order.yaml');
      writeFileSync(entry, `${readFileSync(entry, 'utf8')}\nreplica: 3\n`);
      const before = await standing();
      const refused = await up(copy);
      expect(refused.status).not.toBe(0);
      expect(refused.stdout + refused.stderr).toMatch(/order\.yaml[\s\S]*replica/);
      expect(await standing()).toEqual(before);
    });

    it('serves a fifth service made of one data file and one folder, and removes it with them', async () => {
      writeFileSync(
        join(copy, 'infra/catalog/greeting.yaml'),
        'name: greeting\ndescription: Says hello.\nport: 3009\nroutes: [/v1/greetings]\nenvironments:\n  local: { replicas: 1, scale: { min: 1, max: 2 } }\n',
      );
      mkdirSync(join(copy, 'services/greeting'));
      writeFileSync(
        join(copy, 'services/greeting/main.ts'),
        `import { createServer } from 'node:http';
if (process.argv[2] !== 'migrate') {
  const server = createServer((_request, response) => response.end('hello')).listen(Number(process.env.PORT));
  process.on('SIGTERM', () => server.close());
}
`,
      );
      const customer = new Customer(process.env.ECP_FRONT_DOOR as string);
      const added = await up(copy);
      expect(added.status).toBe(0);
      expect((await customer.call('GET', '/v1/greetings')).body).toBe('hello');
      expect((await up(root)).status).toBe(0);
      expect((await customer.call('GET', '/v1/greetings')).status).toBe(404);
      expect(await inPlatform('get', 'all', '-l', 'app=greeting-service', '-o', 'name')).toBe('');
    });
  });
});
