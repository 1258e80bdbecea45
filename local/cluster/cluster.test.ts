import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { applyOrder, fill, parseObjects } from './addons';
import { describe as describeCluster, findCluster } from './cluster';
import { cniConfig, pluginFolder, plugins } from './cni';
import { componentNames, components, componentTools } from './components';
import { configFiles, containerdConfig, kubeletConfig } from './config';
import { readJson, writeFile } from './files';
import { networkCommands } from './network';
import { certificates } from './pki';
import { checkMachine, checkPort, type Machine } from './preflight';
import { remove } from './stop';
import { listeningPorts } from './supervise';
import { mountsBelow, shimSocket } from './sweep';

const cluster = describeCluster('shop', {
  slot: 3,
  frontDoorPort: 8080,
  tools: Object.fromEntries(componentTools().map((name) => [name, `/tools/${name}`])),
  pauseImage: 'localhost/ecommerce-platform/pause:1',
});

describe('components', () => {
  it.each(components.map((component) => [component.name, component] as const))(
    '%s is started by its tool',
    (name, component) => {
      const argv = component.argv(cluster);
      expect(argv[0]).toBe(`/tools/${name}`);
      expect(argv.join(' ')).not.toContain('undefined');
    },
  );

  it('only need components that are started before them', () => {
    components.forEach((component, at) => {
      for (const needed of component.needs) expect(componentNames.indexOf(needed)).toBeLessThan(at);
    });
  });

  it('keep what the node shares with the gateway behind certificates', () => {
    const etcd = components.find(({ name }) => name === 'etcd')!.argv(cluster);
    expect(etcd).toContain('--client-cert-auth=true');
    const api = components.find(({ name }) => name === 'kube-apiserver')!.argv(cluster);
    expect(api).toEqual(expect.arrayContaining(['--anonymous-auth=false', '--allow-privileged=false']));
  });

  it('are reached from the host on loopback only', () => {
    const door = components.find(({ name }) => name === 'front-door')!.argv(cluster);
    expect(door).toContain('--listen=127.0.0.1:8080');
    expect(components.filter(({ at }) => at === 'host').map(({ name }) => name)).toEqual(['front-door']);
  });
});

describe('configuration', () => {
  it('keeps everything below the folders of the profile', () => {
    for (const path of Object.keys(configFiles(cluster))) expect(path.startsWith(cluster.dir)).toBe(true);
    for (const line of containerdConfig(cluster)
      .split('\n')
      .filter((text) => /^\s*(root|state|address|path|Root) =/.test(text))) {
      expect(line.includes(cluster.dir) || line.includes(cluster.runDir)).toBe(true);
    }
  });

  it('gives the kubelet a cgroup tree of its own', () => {
    expect(parseAllDocuments(kubeletConfig(cluster))[0]!.toJS()).toMatchObject({
      cgroupRoot: '/ecp-shop',
      failCgroupV1: false,
      authentication: { anonymous: { enabled: false } },
    });
  });

  it('puts pods on the addresses of the plan, without masquerading', () => {
    const [bridge] = JSON.parse(cniConfig(cluster)).plugins;
    expect(bridge).toMatchObject({ ipMasq: false, ipam: { ranges: [[{ subnet: cluster.plan.pods }]] } });
  });

  it('redirects into sidecars last, with every plugin in the one folder containerd looks into', () => {
    const types = JSON.parse(cniConfig(cluster)).plugins.map(({ type }: { type: string }) => type);
    expect(types.at(-1)).toBe('istio-cni');
    expect(Object.keys(plugins(cluster))).toEqual(
      expect.arrayContaining([...types, 'host-local', 'loopback']),
    );
    expect(containerdConfig(cluster)).toContain(`bin_dir = "${pluginFolder(cluster)}"`);
  });

  it('has socket paths the kernel accepts, whatever the profile is called', () => {
    const long = describeCluster('a'.repeat(20), { slot: 0, frontDoorPort: 1, tools: {}, pauseImage: '' });
    expect(long.run('containerd.sock.ttrpc').length).toBeLessThan(108);
    expect(long.hostLink.length).toBeLessThan(16);
  });
});

describe('the network', () => {
  it('has no route that leads outside', () => {
    const { host, inside } = networkCommands(cluster);
    expect([...host, ...inside].filter((command) => /default|0\.0\.0\.0/.test(command))).toEqual([]);
    expect(host.filter((command) => /route|forward|nat/i.test(command))).toEqual([]);
  });
});

describe('certificates', () => {
  it('let the API server be reached by its service address and by the node address', () => {
    const api = certificates(cluster).find(({ name }) => name === 'apiserver')!;
    expect(api.serves).toEqual(
      expect.arrayContaining(['IP:198.18.56.1', 'IP:198.18.48.2', 'DNS:kubernetes.default.svc']),
    );
  });

  it('make an administrator of nobody but the user and the API server itself', () => {
    const masters = certificates(cluster).filter(({ subject }) => subject.includes('system:masters'));
    expect(masters.map(({ name }) => name)).toEqual(['apiserver-kubelet', 'admin']);
  });
});

describe('add-on manifests', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is the syntax of our own templates
  it('are filled with values, and a missing one is an error', () => {
    expect(fill('a: ${one}', { one: '1' })).toBe('a: 1');
    expect(() => fill('a: ${two}', {})).toThrow(/two/);
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above

  it('are applied with what others stand on first', () => {
    const objects = parseObjects(
      ['Deployment', 'CustomResourceDefinition', 'Namespace']
        .map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata: { name: x }`)
        .join('\n---\n'),
    );
    expect(
      applyOrder(objects)
        .flat()
        .map(({ kind }) => kind),
    ).toEqual(['Namespace', 'CustomResourceDefinition', 'Deployment']);
  });
});

describe('what is left of a cluster', () => {
  it('is found among the mounts, deepest first, and nothing of others', () => {
    const line = (path: string) => `1 2 0:1 / ${path} rw - tmpfs tmpfs rw`;
    const info = ['/run/x/one', '/run/x/one/deep\\040er', '/run/x/one-more', '/other'].map(line).join('\n');
    expect(mountsBelow(info, ['/run/x/one'])).toEqual(['/run/x/one/deep er', '/run/x/one']);
  });

  it('names a shim socket as containerd does', () => {
    expect(shimSocket('/run/c.sock', 'abc')).toMatch(/^\/run\/containerd\/s\/[0-9a-f]{64}$/);
  });

  it('is not seen in ports of other states than LISTEN', () => {
    const table = [
      '  sl  local_address rem_address   st',
      '   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 4711 1',
      '   1: 0100007F:1F91 00000000:0000 01 0:0 0:0 0 0 0 4712 1',
    ].join('\n');
    expect(listeningPorts(table)).toEqual([{ port: 8080, inode: '4711' }]);
  });
});

describe('a machine that cannot run a cluster', () => {
  const home = process.env.XDG_DATA_HOME;
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cluster-'));
    process.env.XDG_DATA_HOME = dir;
  });
  afterEach(() => {
    if (home === undefined) delete process.env.XDG_DATA_HOME;
    else process.env.XDG_DATA_HOME = home;
    rmSync(dir, { recursive: true, force: true });
  });

  const able: Machine = {
    platform: 'linux',
    uid: 0,
    hasCommand: () => true,
    controllers: () => ['cpu', 'memory', 'pids'],
    freeBytes: () => 1e12,
  };
  it.each([
    ['another system', { platform: 'darwin' }, /needs Linux/, /--context/],
    ['no root', { uid: 1000 }, /needs root/, /--context/],
    ['no cgroups', { controllers: () => [] }, /cgroup controller for cpu, memory, pids/, /--context/],
    ['missing commands', { hasCommand: () => false }, /nsenter/, /apt-get install/],
    ['a full disk', { freeBytes: () => 1000 }, /Less than 1 GiB/, /XDG_DATA_HOME/],
  ])('is told so: %s', (_, shortcoming, message, hint) => {
    const attempt = () => checkMachine('shop', { ...able, ...shortcoming });
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });

  it('is told of a busy port', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    await expect(checkPort(port)).rejects.toThrow(`Port ${port} is taken by another program`);
    await new Promise((done) => server.close(done));
    await expect(checkPort(port)).resolves.toBeUndefined();
  });

  it('is told of a damaged file, and what to do', () => {
    const file = join(dir, 'cluster.json');
    writeFileSync(file, '{"slot":');
    expect(() => readJson(file)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/cluster delete/) }),
    );
  });

  it('can delete a cluster whose record is damaged', async () => {
    const file = join(dir, 'ecommerce-platform', 'damaged', 'cluster', 'cluster.json');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '{"slot":');
    expect(() => findCluster('damaged')).toThrow(/is damaged/);
    await remove('damaged');
    expect(existsSync(join(dir, 'ecommerce-platform', 'damaged'))).toBe(false);
  });

  it('keeps the old file when a new one cannot be written', () => {
    const file = join(dir, 'kept');
    writeFile(file, 'old');
    mkdirSync(`${file}.${process.pid}.draft`);
    expect(() => writeFile(file, 'new')).toThrow();
    expect(readFileSync(file, 'utf8')).toBe('old');
  });
});
