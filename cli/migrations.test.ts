import { askMigrations, type MigrationRequest } from './migrations';
import { type Pods, type ServiceState, stateOf } from './pods';

const pod = (name: string, more: Partial<ServiceState['pods'][number]> = {}) => ({
  ...{ name, colour: 'blue', version: 'v1', image: 'shop/product:1', phase: 'Running', leaving: false },
  createdAt: '2026-01-01T10:00:00Z',
  ...more,
});
const deployment = (colour: string, replicas: number, version = 'v1', image = 'shop/product:1') => ({
  ...{ name: `product-service-${colour}`, colour, version, image, replicas },
});
const blue = pod('blue-1');
const green = pod('green-1', { colour: 'green', version: 'v2', image: 'shop/product:2' });
const alone: ServiceState = {
  pods: [blue, pod('blue-2')],
  deployments: [deployment('blue', 2), deployment('green', 0, 'v2')],
};

/** A cluster with one service, and what was asked of its pods. */
const cluster = (state: ServiceState, answer: object = {}) => {
  const asked: string[][] = [];
  const pods: Pods = {
    services: [
      { name: 'product', database: true },
      { name: 'gate', database: false },
    ] as Pods['services'],
    run: async () => {
      throw new Error('not in any pod, but in one that was chosen');
    },
    async runIn<T>(name: string, ...args: string[]) {
      asked.push([name, ...args]);
      return answer as T;
    },
    state: async () => state,
  };
  return { pods, asked, ask: (request: MigrationRequest) => askMigrations(pods, 'product', request) };
};

const nothing = { applied: [], waiting: [] };

describe('platform migrate status', () => {
  it('tells of every migration whether it is applied, and what only another version knows', async () => {
    const at = '2026-01-01T10:00:00.000Z';
    const { ask, asked } = cluster(alone, {
      migrations: [
        { id: '0001-a', phase: 'expand', concurrent: false, applied: at },
        { id: '0002-index', phase: 'expand', concurrent: true, applied: null },
        { id: '0003-c', phase: 'contract', concurrent: false, applied: null },
      ],
      unknown: [{ id: '0004-d', applied: at }],
    });
    const { lines, document, exitCode } = await ask({ action: 'status' });
    expect(lines).toEqual([
      '0001-a      applied 2026-01-01T10:00:00.000Z',
      '0002-index  pending                           concurrent',
      '0003-c      pending                           contracts',
      '0004-d      applied 2026-01-01T10:00:00.000Z  by another version, unknown to this one',
      'product: 2 pending',
    ]);
    expect(document).toMatchObject({
      service: 'product',
      pod: 'blue-1',
      version: 'v1',
      migrations: [{}, {}, {}],
    });
    expect([exitCode, asked]).toEqual([0, [['blue-1', 'migrations', 'status']]]);
  });

  it('asks a pod of the newest version that runs and stays', async () => {
    const state = {
      ...alone,
      pods: [
        pod('v9', { version: 'v9' }),
        pod('v10-old', { version: 'v10' }),
        pod('v10-new', { version: 'v10', createdAt: '2026-01-02T10:00:00Z' }),
        pod('v11', { version: 'v11', leaving: true }),
        pod('v12', { version: 'v12', phase: 'Pending' }),
      ],
    };
    const { ask, asked } = cluster(state, { migrations: [], unknown: [] });
    await ask({ action: 'status' });
    expect(asked).toEqual([['v10-new', 'migrations', 'status']]);
  });

  it.each([
    ['nobody', /There is no service nobody/],
    ['gate', /gate has no database/],
  ])('is refused for %s, with those that have a database', async (service, message) => {
    await expect(askMigrations(cluster(alone).pods, service, { action: 'status' })).rejects.toMatchObject({
      message: expect.stringMatching(message),
      hint: 'With a database: product.',
    });
  });

  it('says that it may be tried again when no pod runs', async () => {
    const { ask } = cluster({ ...alone, pods: [pod('a', { phase: 'Pending' })] });
    await expect(ask({ action: 'status' })).rejects.toMatchObject({
      message: 'No pod of product runs',
      retriable: true,
    });
  });
});

describe('platform migrate up', () => {
  it('tells what was applied, what waits until it is asked for, and ends with 3 because of that', async () => {
    const { ask } = cluster(alone, { applied: ['0002-b'], waiting: ['0003-c', '0004-d'] });
    const { lines, exitCode, error } = await ask({ action: 'up' });
    expect(lines).toEqual([
      '0002-b  applied',
      expect.stringMatching(/^0003-c {2}waits: .*: platform migrate product up --contract$/),
      '0004-d  waits behind it',
    ]);
    expect([exitCode, error]).toEqual([3, undefined]);
  });

  it('says so when there was nothing to do', async () => {
    const { lines, exitCode } = await cluster(alone, nothing).ask({ action: 'up' });
    expect([lines, exitCode]).toEqual([['product: nothing was pending'], 0]);
  });

  it('tells what was applied before one that failed, and whether trying again helps', async () => {
    const refused = { code: 'MIGRATION_LOCK_TIMEOUT', message: 'm', hint: 'h', retriable: true };
    const { lines, error, exitCode } = await cluster(alone, { ...nothing, applied: ['0002-b'], refused }).ask(
      {
        action: 'up',
      },
    );
    expect([lines, exitCode]).toEqual([['0002-b  applied'], 2]);
    expect(error).toMatchObject({ message: 'm (MIGRATION_LOCK_TIMEOUT)', hint: 'h', retriable: true });
  });

  it('expands while two versions serve', async () => {
    const { ask, asked } = cluster({ ...alone, pods: [blue, green] }, nothing);
    await ask({ action: 'up' });
    expect(asked).toEqual([['green-1', 'migrations', 'up']]);
  });
});

describe('platform migrate up --contract', () => {
  it.each<[string, ServiceState]>([
    ['one version serves', alone],
    [
      'both colours serve the same version',
      {
        pods: [blue, pod('green-1', { colour: 'green' })],
        deployments: [deployment('blue', 1), deployment('green', 1)],
      },
    ],
    [
      'the old colour is at zero',
      { pods: [green], deployments: [deployment('blue', 0), deployment('green', 1, 'v2', 'shop/product:2')] },
    ],
    ['an old pod has ended', { ...alone, pods: [blue, pod('old', { version: 'v0', phase: 'Succeeded' })] }],
  ])('is carried out when %s', async (_name, state) => {
    const { ask, asked } = cluster(state, nothing);
    await ask({ action: 'up', contract: true });
    expect(asked).toEqual([[expect.any(String), 'migrations', 'up', '--contract']]);
  });

  it.each<[string, ServiceState, string]>([
    ['the old colour serves', { ...alone, pods: [blue, green] }, 'pod blue-1 (blue, v1)'],
    [
      'an old pod is leaving, and may still answer',
      { deployments: [], pods: [green, pod('blue-1', { leaving: true })] },
      'pod blue-1 (blue, v1, leaving)',
    ],
    [
      'an old pod is about to start',
      { deployments: [], pods: [green, pod('blue-1', { phase: 'Pending' })] },
      'pod blue-1 (blue, v1)',
    ],
    [
      'the same version is being rolled out with another image',
      { deployments: [], pods: [blue, pod('blue-0', { image: 'shop/product:0' })] },
      'pod blue-0 (blue, v1)',
    ],
    [
      'the old colour is wanted, though no pod of it runs at the moment',
      { pods: [green], deployments: [deployment('blue', 3), deployment('green', 1, 'v2', 'shop/product:2')] },
      'Deployment product-service-blue (v1, 3 wanted)',
    ],
  ])('is refused while %s, and nothing is asked of any pod', async (_name, state, other) => {
    const { ask, asked } = cluster(state, nothing);
    const refused = ask({ action: 'up', contract: true });
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('at zero') });
    await expect(refused).rejects.toThrow(`there is: ${other}`);
    expect(asked).toEqual([]);
  });
});

describe('platform migrate rollback', () => {
  it('says what is undone, and that a pod which starts applies it again', async () => {
    const { ask, asked } = cluster(alone, { undone: ['0002-b'] });
    const { lines, exitCode } = await ask({ action: 'rollback', id: '0002-b' });
    expect(lines).toEqual(['0002-b  undone. A pod of v1 that starts applies it again']);
    expect([exitCode, asked]).toEqual([0, [['blue-1', 'migrations', 'rollback', '0002-b']]]);
  });

  it('passes on why it was refused', async () => {
    const refused = { code: 'MIGRATION_REFUSED', message: 'only the newest', hint: 'h', retriable: false };
    const { lines, error, exitCode } = await cluster(alone, { undone: [], refused }).ask({
      action: 'rollback',
      id: '0001-a',
    });
    expect([lines, exitCode]).toEqual([[], 2]);
    expect(error).toMatchObject({ message: 'only the newest (MIGRATION_REFUSED)', retriable: false });
  });
});

test('what runs is read from what the cluster says of pods and Deployments', () => {
  const labels = { app: 'product-service', colour: 'green', version: 'v2' };
  const spec = {
    containers: [
      { name: 'istio-proxy', image: 'mesh' },
      { name: 'service', image: 'shop/product:2' },
    ],
  };
  const metadata = { name: 'p', labels, creationTimestamp: '2026-01-01T10:00:00Z' };
  const release = { colour: 'green', version: 'v2', image: 'shop/product:2' };
  expect(
    stateOf({
      items: [
        {
          ...{ kind: 'Pod', spec, status: { phase: 'Running' } },
          metadata: { ...metadata, deletionTimestamp: '2026-01-01T11:00:00Z' },
        },
        { kind: 'Deployment', metadata, spec: { ...spec, replicas: 0, template: { metadata, spec } } },
      ],
    }),
  ).toEqual({
    pods: [{ name: 'p', ...release, phase: 'Running', leaving: true, createdAt: '2026-01-01T10:00:00Z' }],
    deployments: [{ name: 'p', ...release, replicas: 0 }],
  });
});
