import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { profileDir } from '../paths';
import { Cluster, readKubeconfig } from './cluster';
import { down, type EngineOptions, exportState, preview, up } from './index';
import { fieldManager } from './objects';
import type { Resource } from './plan';

// Against a real API server, in a namespace of its own: KUBECONFIG, else the cluster of the profile "test".
jest.setTimeout(600_000);
const kubeconfig = process.env.KUBECONFIG || profileDir('test', 'kubeconfig');
const namespace = `engine-${process.pid}`;
const base = `/api/v1/namespaces/${namespace}`;
const projectDir = join(__dirname, '../fixtures/shop');
const stateDir = mkdtempSync(join(tmpdir(), 'engine-cluster-'));

let printed = '';
const out = new Writable({
  write: (chunk, _encoding, done) => {
    printed += chunk;
    done();
  },
});
const options = (config: Record<string, string> = {}, more: Partial<EngineOptions> = {}): EngineOptions => ({
  ...{ projectDir, stack: 'sealed', stateDir, policyPacks: [], kubeconfig, out, passphrase: 'fixture' },
  config: { namespace, ...config },
  ...more,
});
const resources = async () =>
  ((await exportState(options())) as { deployment: { resources: Resource[] } }).deployment.resources;

let cluster: Cluster;
let image: string;
beforeAll(async () => {
  cluster = new Cluster(await readKubeconfig(kubeconfig));
  const nodes = await cluster.list('/api/v1/nodes');
  const images: string[] = nodes.flatMap((node) =>
    (node.status.images ?? []).flatMap((one: { names: string[] }) => one.names),
  );
  image = images.find((name) => /pause[^@]*:[^@]*$/.test(name)) ?? 'pause-is-not-on-the-node';
});
afterAll(async () => {
  await cluster.request('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => {});
  await cluster.close();
  rmSync(stateDir, { recursive: true, force: true });
});
beforeEach(() => {
  printed = '';
});

describe('up', () => {
  it('stops at a misspelt field before anything is touched, also where the namespace does not exist yet', async () => {
    const result = await up(options({ has: 'workload,misspelt', image }));
    expect(result.exitCode).toBe(4);
    expect(result.diagnostics.map((one) => one.message).join()).toContain('replicaCount');
    expect(await cluster.get(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
  });

  it('stops at a violated policy before anything is touched', async () => {
    const policyPacks = [join(__dirname, '../fixtures/pack')];
    expect((await up(options({ greeting: 'go away' }, { policyPacks }))).exitCode).toBe(5);
    expect(await cluster.get(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
  });

  it('of a target alone says which resource it needs that is not there', async () => {
    const result = await up(options({}, { target: ['settings'] }));
    expect(result.exitCode).toBe(4);
    expect(result.diagnostics.map((one) => one.message).join()).toMatch(
      /settings needs \w+, which does not exist/,
    );
    expect(await cluster.get(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
  });

  it('killed in the middle is finished by the next one: nothing orphaned, nothing twice', async () => {
    const script = `require('tsx/cjs'); const { up } = require(${JSON.stringify(join(__dirname, 'index.ts'))});
      up({ ...${JSON.stringify({ ...options({ has: 'many' }), out: undefined })}, out: process.stdout, parallel: 2 });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let seen = '';
    await new Promise<void>((killed) => {
      child.stdout.on('data', (chunk) => {
        seen += chunk;
        if (/many-\d+ created/.test(seen)) child.kill('SIGKILL');
      });
      child.on('close', () => killed());
    });
    expect(seen).toMatch(/many-\d+ created/);
    expect(existsSync(join(stateDir, 'sealed.lock'))).toBe(true);

    const result = await up(options({ has: 'many' }));
    expect(result.exitCode).toBe(0);
    expect(printed).toContain('taking over');
    const maps = await cluster.list(`${base}/configmaps`);
    const made = maps.filter((one) => one.metadata.name.startsWith('many-'));
    expect(made).toHaveLength(30);
    expect(new Set(made.map((one) => one.metadata.name.replace(/-[0-9a-f]{8}$/, ''))).size).toBe(30);
    const names = (await resources()).map((one) => one.urn);
    expect(new Set(names).size).toBe(names.length);
  });

  it('again changes nothing, and quickly', async () => {
    const started = Date.now();
    const result = await up(options({ has: 'many' }, { expectNoChanges: true }));
    expect(result).toMatchObject({ exitCode: 0, changes: { create: 0, update: 0, replace: 0, delete: 0 } });
    console.info(
      `no-op up of ${result.changes.same} resources: ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
  });

  it('says with its own exit code that there are changes where none were expected, and makes none', async () => {
    const result = await up(options({ has: 'many', greeting: 'servus' }, { expectNoChanges: true }));
    expect(result.exitCode).toBe(7);
    expect((await cluster.get(`${base}/configmaps/settings`))?.data.greeting).toBe('hello');
  });

  it('updates, replaces and deletes what the program changed, keeping made passwords', async () => {
    const before = (await cluster.get(`${base}/secrets/shop`))?.data.password;
    const result = await up(options({ greeting: 'servus', has: 'fewer' }));
    expect(result).toMatchObject({ exitCode: 0, changes: { replace: 1, delete: 32 } });
    expect((await cluster.get(`${base}/configmaps/settings`))?.data.greeting).toBe('servus');
    expect((await cluster.list(`${base}/configmaps`)).map((one) => one.metadata.name).sort()).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^(many|extra)-/)]),
    );
    expect((await cluster.get(`${base}/secrets/shop`))?.data.password).toBe(before);
  });

  it('puts right what someone else changed or removed', async () => {
    await cluster.request('PATCH', `${base}/configmaps/settings`, {
      body: { data: { greeting: 'tampered' } },
      type: 'application/merge-patch+json',
    });
    await cluster.request('DELETE', `${base}/secrets/shop`);
    const seen = await preview(options({ greeting: 'servus', has: 'fewer' }));
    expect(seen.changes).toMatchObject({ create: 1, update: 1 });
    expect((await up(options({ greeting: 'servus', has: 'fewer' }))).exitCode).toBe(0);
    expect((await cluster.get(`${base}/configmaps/settings`))?.data.greeting).toBe('servus');
    expect(await cluster.get(`${base}/secrets/shop`)).toBeDefined();
  });

  it('of a target leaves everything else as it is', async () => {
    const result = await up(options({ greeting: 'bonjour' }, { target: ['extra-a'] }));
    expect(result).toMatchObject({ exitCode: 0, changes: { create: 1, update: 0, replace: 0, delete: 0 } });
    expect((await cluster.get(`${base}/configmaps/settings`))?.data.greeting).toBe('servus');
    const extra = (await cluster.list(`${base}/configmaps`)).filter((one) =>
      /^extra-/.test(one.metadata.name),
    );
    expect(extra.map((one) => one.metadata.labels?.['shop/greeting'])).toEqual(['bonjour']);
  });

  it('keeps secrets out of the state and of everything it prints', async () => {
    const token = Buffer.from((await cluster.get(`${base}/secrets/shop`))?.data.token, 'base64').toString();
    expect(token).toBe('plainwordsecret');
    expect(readFileSync(join(stateDir, 'sealed.json'), 'utf8')).not.toContain(token);
    await preview(options({ greeting: 'x', has: 'fewer' }, { json: true }));
    expect(printed).not.toContain(token);
  });
});

describe('a workload', () => {
  const has = 'fewer,workload';
  const workload = `/apis/apps/v1/namespaces/${namespace}/deployments/workload`;

  it('is waited for until its pods are ready', async () => {
    expect((await up(options({ has, image }))).exitCode).toBe(0);
    expect((await cluster.get(workload))?.status.availableReplicas).toBe(1);
  });

  it('keeps the replicas an autoscaler has set while the program ignores them', async () => {
    const scale = JSON.parse(await cluster.request('GET', `${workload}/scale`));
    scale.spec.replicas = 2;
    await cluster.request('PUT', `${workload}/scale`, { body: scale, query: { fieldManager: 'autoscaler' } });
    expect((await up(options({ has, image }))).changes.update).toBe(0);
    expect((await up(options({ has, image, greeting: 'changed' }))).changes.update).toBe(1);
    expect((await cluster.get(workload))?.spec.replicas).toBe(2);
  });

  it('with another selector is replaced', async () => {
    const result = await up(options({ has, image, app: 'other' }));
    expect(result).toMatchObject({ exitCode: 0, changes: { replace: expect.any(Number) } });
    expect((await cluster.get(workload))?.spec.selector.matchLabels.app).toBe('other');
    expect((await cluster.get(workload))?.metadata.managedFields?.map((one) => one.manager)).toContain(
      fieldManager,
    );
  });

  it('whose image is missing fails early and says which pod, container and image', async () => {
    const result = await up(options({ has, image: 'localhost/nothing:1', app: 'other' }));
    expect(result.exitCode).toBe(4);
    const told = result.diagnostics.map((one) => one.message).join();
    expect(told).toMatch(/Container main of pod workload-\S+ does not start: ErrImageNeverPull/);
    expect(told).toContain('localhost/nothing:1');
    expect((await up(options({ has, image, app: 'other' }))).exitCode).toBe(0);
  });
});

describe('down', () => {
  it('leaves protected resources, and everything they need, alone', async () => {
    expect((await up(options({ has: 'fewer,protected' }))).exitCode).toBe(0);
    const result = await down(options());
    expect(result.exitCode).toBe(4);
    expect(await cluster.get(`${base}/configmaps/settings`)).toBeDefined();
  });

  it('removes everything and leaves an empty state', async () => {
    expect((await up(options({ has: 'fewer' }))).exitCode).toBe(0);
    expect((await down(options())).exitCode).toBe(0);
    expect(await cluster.get(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
    expect(await resources()).toEqual([]);
  });
});
