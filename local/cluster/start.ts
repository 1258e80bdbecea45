import { existsSync, readFileSync } from 'node:fs';
import { LocalError } from '../errors';
import { profileDir } from '../paths';
import type { Progress } from '../progress';
import { addonObjects, applyAddons } from './addons';
import { type Api, connect } from './api';
import { ensureCgroups } from './cgroups';
import { type Cluster, findCluster, recordCluster } from './cluster';
import { linkPlugins } from './cni';
import { type ComponentName, components, componentTools } from './components';
import { configFiles } from './config';
import { forgetContainers, importImages } from './containers';
import { writeFile } from './files';
import { ensureNetwork, netnsExists } from './network';
import type { ClusterParts, ImageArchive } from './parts';
import { ensurePki, writeKubeconfigs } from './pki';
import { checkMachine, checkPort, freePort } from './preflight';
import { runningPid, stopProcess, withLock } from './processes';
import { addonChecks, waitForNode, waitForServing } from './serving';
import { componentNamed, startComponent } from './supervise';
import { sweep } from './sweep';

export interface StartOptions {
  profile: string;
  /** Where the platform answers on this machine's loopback. Default: the one it had, else 8080 for the default profile, else a free one. */
  frontDoorPort?: number;
  progress: Progress;
  parts: ClusterParts;
}

export interface ClusterInfo {
  profile: string;
  kubeconfig: string;
  /** Address of the front door, such as http://127.0.0.1:8080. */
  frontDoor: string;
  running: boolean;
}

export const infoOf = (cluster: Cluster, running: boolean): ClusterInfo => ({
  profile: cluster.profile,
  kubeconfig: cluster.kubeconfig,
  frontDoor: `http://127.0.0.1:${cluster.frontDoorPort}`,
  running,
});

const choosePort = async (profile: string, asked?: number): Promise<number> => {
  const before = findCluster(profile);
  const port = asked ?? before?.frontDoorPort ?? (profile === 'default' ? 8080 : await freePort());
  const isOurs = before?.frontDoorPort === port && runningPid(before.pid('front-door')) !== undefined;
  if (!isOurs) await checkPort(port);
  return port;
};

/** Two homes may have profiles of one name, but not run them at once: interfaces and sockets carry that name. */
const claim = (cluster: Cluster) => {
  const file = cluster.run('owner');
  const owner = existsSync(file) ? readFileSync(file, 'utf8') : cluster.dir;
  if (owner !== cluster.dir && netnsExists(cluster)) {
    throw new LocalError(`A cluster of a profile called "${cluster.profile}" runs already, from ${owner}`, {
      hint: 'Stop that one first, or choose another name with --profile NAME.',
    });
  }
};

/** Starts the given components, each as soon as those it needs are ready. True for each that was not running yet. */
const startAll = async (cluster: Cluster, names: ComponentName[], api: Api, after?: Promise<unknown>) => {
  const started = new Map<ComponentName, Promise<boolean>>();
  for (const component of components.filter(({ name }) => names.includes(name))) {
    const needed = component.needs.map((name) => started.get(name));
    started.set(
      component.name,
      Promise.all([after, ...needed]).then(
        async () => (await startComponent(cluster, component, api)).started,
      ),
    );
  }
  return Object.fromEntries(
    await Promise.all([...started].map(async ([name, promise]) => [name, await promise] as const)),
  ) as Record<ComponentName, boolean>;
};

/** containerd with nothing left of containers whose network is gone, and the image every pod needs. */
const startRuntime = async (
  cluster: Cluster,
  api: Api,
  fresh: boolean,
  pause: ImageArchive,
  progress: Progress,
) => {
  const runtime = componentNamed('containerd');
  await startComponent(cluster, runtime, api);
  if (fresh && (await forgetContainers(cluster))) {
    // It has read the old containers into memory.
    await stopProcess(cluster.pid('containerd'));
    await startComponent(cluster, runtime, api);
  }
  await importImages(cluster, [pause.archive], progress);
};

export const start = async ({
  profile,
  frontDoorPort,
  progress,
  parts,
}: StartOptions): Promise<ClusterInfo> => {
  checkMachine(profile);
  return withLock(profileDir(profile, 'cluster.lock'), `Profile ${profile}`, async () => {
    const port = await choosePort(profile, frontDoorPort);
    const tools = await parts.tools([...componentTools(), 'helm', 'istio-charts'], progress);
    const [pause] = await parts.images(['pause'], progress);
    // These take minutes to build and no purchase needs them: a later start adds them.
    const late = ['metrics-server'].filter(parts.hasBuilt);
    const definitions = Object.values(
      await parts.tools(parts.operatorDefinitions.filter(parts.hasBuilt), progress),
    );
    const addonImages = parts.images(['coredns', 'istio-pilot', 'istio-proxy', ...late], progress);
    addonImages.catch(() => {}); // awaited below; until then another failure may come first
    const cluster = recordCluster(profile, { frontDoorPort: port, tools, pauseImage: pause!.reference });
    claim(cluster);

    const since = Date.now();
    const fresh = !netnsExists(cluster);
    const api = await progress.step('Network, certificates and configuration', async () => {
      if (fresh) await sweep(cluster);
      await ensureNetwork(cluster);
      writeFile(cluster.run('owner'), cluster.dir);
      await ensurePki(cluster);
      writeKubeconfigs(cluster);
      linkPlugins(cluster);
      for (const [path, content] of Object.entries(configFiles(cluster))) writeFile(path, content);
      ensureCgroups(cluster);
      return connect(cluster);
    });
    try {
      await bringUp(cluster, api, { fresh, since, pause: pause!, addonImages, definitions, progress });
    } finally {
      api.close();
    }
    return infoOf(cluster, true);
  });
};

interface BringUp {
  fresh: boolean;
  since: number;
  pause: ImageArchive;
  addonImages: Promise<ImageArchive[]>;
  definitions: string[];
  progress: Progress;
}

const bringUp = async (
  cluster: Cluster,
  api: Api,
  { fresh, since, pause, addonImages, definitions, progress }: BringUp,
) => {
  const runtime = startRuntime(cluster, api, fresh, pause, progress);
  runtime.catch(() => {});
  try {
    await progress.step('Control plane', () =>
      startAll(cluster, ['etcd', 'kube-apiserver', 'front-door'], api),
    );
  } catch (error) {
    // Nothing may go on behind the back of whoever handles this.
    await Promise.allSettled([runtime, addonImages]);
    throw error;
  }
  const rest: ComponentName[] = [
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
    'kubelet',
    'storage-provisioner',
  ];
  const node = progress.step('Node', async () => {
    const started = await startAll(cluster, rest, api, runtime);
    await waitForNode(api, cluster, started.kubelet ? since : 0);
  });
  const addons = (async () => {
    const images = await addonImages;
    await runtime;
    await importImages(
      cluster,
      images.map(({ archive }) => archive),
      progress,
    );
    const references = Object.fromEntries(images.map(({ name, reference }) => [name, reference]));
    const objects = await addonObjects(cluster, references, definitions);
    await progress.step('Add-ons', () => applyAddons(api, objects));
  })();
  addons.catch(() => {});
  await node;
  await addons;
  // Their time starts only now: on a bare machine the images have just been built, which took minutes.
  await progress.step('Add-ons serving', () =>
    Promise.all(addonChecks.map((check) => waitForServing(api, check))),
  );
};
