import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { profileDir } from '../paths';
import { silentProgress } from '../progress';
import { type Api, connect, type KubernetesObject } from './api';
import { cgroupDirs, podProcesses } from './cgroups';
import { findCluster } from './cluster';
import { clusterStatus, componentLogs, deleteCluster, startCluster, stopCluster } from './index';
import { markedProcesses, runningPid } from './processes';
import { leftMounts } from './sweep';

const profile = 'lifecycle';
const start = () => startCluster({ profile, progress: silentProgress });
const cluster = () => findCluster(profile)!;

const withApi = async <T>(work: (api: Api) => Promise<T>): Promise<T> => {
  const api = connect(cluster());
  try {
    return await work(api);
  } finally {
    api.close();
  }
};

const eventually = async (what: string, done: () => Promise<boolean>) => {
  for (
    const deadline = Date.now() + 60_000;
    Date.now() < deadline;
    await new Promise((next) => setTimeout(next, 200))
  ) {
    if (await done()) return;
  }
  throw new Error(`${what} did not happen within a minute`);
};

const podPath = '/api/v1/namespaces/default/pods/probe';
const claimPath = '/api/v1/namespaces/default/persistentvolumeclaims/probe';
const note = '/api/v1/namespaces/default/configmaps/note';

const phaseOf = async (path: string) =>
  withApi(
    async (api) => (await api.get<KubernetesObject & { status?: { phase?: string } }>(path))?.status?.phase,
  );

/** A pod that does nothing, with a volume of the default storage class. */
const probe = (image: string): KubernetesObject[] => [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'probe', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: 'default' },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65534 },
      containers: [{ name: 'probe', image, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'probe' } }],
    },
  },
];

/** What connecting from inside a process's network to an address ends in: an error code, or 'connected'. */
const reach = (pid: number, address: string, port: number): string => {
  const script = `const s=require('net').connect({host:'${address}',port:${port},timeout:3000});
    const end=(text)=>{process.stdout.write(text);process.exit(0)};
    s.on('connect',()=>end('connected'));s.on('error',(e)=>end(e.code));s.on('timeout',()=>end('timeout'));`;
  return execFileSync('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', script], {
    encoding: 'utf8',
  });
};

const namespaceOf = (pid: number) => execFileSync('readlink', [`/proc/${pid}/ns/net`], { encoding: 'utf8' });

/** Everything a cluster leaves on a machine while it runs. */
const traces = () => ({
  processes: markedProcesses(cluster().dir).length + podProcesses(cluster()).length,
  mounts: leftMounts(cluster()),
  namespace: existsSync(`/run/netns/${cluster().netns}`),
  link: existsSync(`/sys/class/net/${cluster().hostLink}`),
  cgroups: cgroupDirs(cluster()).filter((dir) => existsSync(dir)),
  runDir: existsSync(cluster().runDir),
  rules: /198\.1[89]\./.test(execFileSync('iptables-save', { encoding: 'utf8' })),
});
const nothing = {
  processes: 0,
  mounts: [],
  namespace: false,
  link: false,
  cgroups: [],
  runDir: false,
  rules: false,
};

describe('the embedded cluster', () => {
  beforeAll(() => deleteCluster(profile));
  afterAll(() => deleteCluster(profile));

  it('says so when its front door is taken, before it starts anything', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    await expect(
      startCluster({ profile, frontDoorPort: port, progress: silentProgress }),
    ).rejects.toMatchObject({
      message: `Port ${port} is taken by another program`,
      hint: expect.stringContaining('--front-door-port'),
    });
    await new Promise((done) => server.close(done));
    expect((await clusterStatus(profile)).running).toBe(false);
  }, 60_000);

  it('says what to do when its data is damaged', async () => {
    const db = profileDir(profile, 'cluster', 'etcd', 'member', 'snap', 'db');
    mkdirSync(dirname(db), { recursive: true });
    writeFileSync(db, Buffer.alloc(64 * 1024, 'x'));
    await expect(start()).rejects.toMatchObject({
      message: expect.stringMatching(/^etcd ended right after its start/),
      hint: expect.stringContaining(`platform cluster delete --profile ${profile}`),
    });
    await deleteCluster(profile);
    expect(existsSync(db)).toBe(false);
  }, 600_000);

  it('starts whole, with an address for the shop', async () => {
    const info = await start();
    const status = await clusterStatus(profile);
    expect(status.components.filter(({ ready }) => !ready)).toEqual([]);
    expect(status).toMatchObject({ running: true, nodeReady: true });
    // No route exists yet, so the gateway itself answers, through the front door.
    expect((await fetch(info.frontDoor)).status).toBeGreaterThanOrEqual(404);
    expect(execFileSync('stat', ['-c', '%a', info.kubeconfig], { encoding: 'utf8' }).trim()).toBe('600');
    expect(await componentLogs(profile, 'kubelet')).toContain('kubelet');
  }, 600_000);

  it('runs a pod with a volume', async () => {
    await withApi(async (api) => {
      for (const object of probe(cluster().pauseImage)) await api.apply(object);
      await api.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'note', namespace: 'default' },
        data: { text: 'kept' },
      });
    });
    await eventually('a bound claim', async () => (await phaseOf(claimPath)) === 'Bound');
    await eventually('a running pod', async () => (await phaseOf(podPath)) === 'Running');
  }, 120_000);

  it('lets nothing out of a pod or of the node', () => {
    const host = namespaceOf(process.pid);
    const node = runningPid(cluster().pid('kubelet'))!;
    const pod = podProcesses(cluster()).find((pid) => ![host, namespaceOf(node)].includes(namespaceOf(pid)))!;
    for (const pid of [node, pod]) {
      expect(reach(pid, '192.0.2.1', 80)).toMatch(/ENETUNREACH|EHOSTUNREACH/);
      expect(reach(pid, '8.8.8.8', 53)).toMatch(/ENETUNREACH|EHOSTUNREACH/);
      expect(reach(pid, cluster().plan.apiService, 443)).toBe('connected');
    }
    const routes = execFileSync('ip', ['-n', cluster().netns, 'route'], { encoding: 'utf8' });
    expect(routes).not.toContain('default');
  }, 60_000);

  it('is made whole by a second start after components were killed, with its data', async () => {
    const before = new Map((await clusterStatus(profile)).components.map(({ name, pid }) => [name, pid]));
    for (const name of ['kubelet', 'kube-apiserver', 'etcd', 'containerd'] as const) {
      process.kill(before.get(name)!, 'SIGKILL');
    }
    await start();
    const after = await clusterStatus(profile);
    expect(after.running).toBe(true);
    expect(after.components.find(({ name }) => name === 'kube-proxy')?.pid).toBe(before.get('kube-proxy'));
    expect((await withApi((api) => api.get(note)))?.data).toEqual({ text: 'kept' });
    expect(await phaseOf(podPath)).toBe('Running');
  }, 180_000);

  it('leaves nothing but data when it is stopped, twice as well as once', async () => {
    await stopCluster(profile);
    expect(traces()).toEqual(nothing);
    await stopCluster(profile);
    expect((await clusterStatus(profile)).running).toBe(false);
    expect(existsSync(cluster().data('etcd'))).toBe(true);
  }, 60_000);

  it('has its data and its pods again after the next start', async () => {
    await start();
    expect((await withApi((api) => api.get(note)))?.data).toEqual({ text: 'kept' });
    const isProbe = (pid: number) => readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(' /data ');
    await eventually('the pod to run again', async () => podProcesses(cluster()).some(isProbe));
  }, 180_000);

  it('leaves no file when it is deleted', async () => {
    const before = cluster();
    await deleteCluster(profile);
    expect(existsSync(before.dir)).toBe(false);
    expect(existsSync(before.kubeconfig)).toBe(false);
    expect(existsSync(before.runDir)).toBe(false);
    expect(existsSync(profileDir(profile, 'cluster.lock'))).toBe(false);
  }, 60_000);
});
