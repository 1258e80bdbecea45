import { rmSync } from 'node:fs';
import { clusterStatus, deleteCluster, loadImages, startCluster } from '@platform/local/cluster';
import { runProgram } from '@platform/local/engine';
import { LocalError } from '@platform/local/errors';
import { buildImages, serviceNames } from '@platform/local/images';
import { profileDir } from '@platform/local/paths';
import type { Progress } from '@platform/local/progress';
import { ensureTools, isBuilt, toolGroups } from '@platform/local/toolchain';
import type { Judgement } from '../policies/report';
import { readSettings, waiversIn } from '../policies/settings';
import { waitForShop } from './customer';
import { chooseEngine, embeddedEngine, type Operation } from './engines';
import { projectDir, resolveTarget, type Target, type TargetOptions } from './target';

export interface Outcome {
  exitCode: number;
  /** The front door, where this tool knows it: only of a cluster of its own. */
  address?: string;
  /** Parts of the cluster were not built when it started: finishLate adds them. */
  unfinished?: boolean;
}

const withImages = (target: Target, images: { name: string; reference: string }[]): Target => ({
  ...target,
  config: {
    ...target.config,
    'ecommerce-platform:images': JSON.stringify(
      Object.fromEntries(images.map(({ name, reference }) => [name, reference])),
    ),
  },
});

/** What the program deploys; the cluster gets the images of its add-ons itself. */
const stackImages = () => [
  'postgres',
  'redis',
  'kafka',
  'stripe-mock',
  'payment-sandbox',
  'carriers-sandbox',
  'mail-sandbox',
  ...serviceNames(projectDir).map((name) => `${name}-service`),
  // Not waited for: the program leaves out what has no image, and finishLate brings the stack up again with it.
  ...(isBuilt('consul') ? ['consul'] : []),
];

/** The target with the references of its images, which are built where they are not yet. */
export const withBuiltImages = async (target: Target, progress: Progress): Promise<Target> =>
  withImages(target, await buildImages({ names: stackImages(), progress }));

/** Starts the cluster and puts the images into it. Whatever of tools and images is missing is built meanwhile. */
const prepareEmbedded = async (options: TargetOptions, progress: Progress, frontDoorPort?: number) => {
  const building = buildImages({ names: stackImages(), progress });
  building.catch(() => {}); // awaited below; until then the cluster may fail first
  const cluster = await startCluster({ profile: options.profile, frontDoorPort, progress });
  const images = await building;
  await loadImages(
    options.profile,
    images.map((image) => image.archive),
    progress,
  );
  return { cluster, target: withImages(resolveTarget(options), images) };
};

/** The main job: from whatever state this machine is in to a shop that takes orders. */
export const bringUp = async (
  options: TargetOptions,
  operation: Operation,
  progress: Progress,
  frontDoorPort?: number,
): Promise<Outcome> => {
  const wanted = resolveTarget(options);
  const engine = await chooseEngine(options.engine);
  if (!wanted.embedded) return { exitCode: await engine.up(wanted, operation) };

  const unfinished = !toolGroups.late.every(isBuilt);
  const { cluster, target } = await prepareEmbedded(options, progress, frontDoorPort);
  const exitCode = await engine.up(target, operation);
  if (exitCode !== 0) return { exitCode };
  await progress.step('The shop answers at its front door', () => waitForShop(cluster.frontDoor, 120_000));
  return { exitCode, address: cluster.frontDoor, unfinished };
};

/** What the shop can open without: autoscaling figures, service discovery. Built after the first purchase is possible. */
export const finishLate = async (
  options: TargetOptions,
  operation: Operation,
  progress: Progress,
): Promise<number> => {
  await ensureTools(toolGroups.late, progress);
  if (operation.json) {
    // One JSON document was promised, and it is out: the next `up` does the rest.
    await startCluster({ profile: options.profile, progress });
    return 0;
  }
  return (await bringUp(options, { target: operation.target }, progress)).exitCode;
};

/** A stack whose own cluster is not named: a running embedded one at least judges the form of every object. */
const judged = async (target: Target, progress: Progress): Promise<Target> => {
  if (target.kubeconfig || !(await clusterStatus(target.profile)).running) return target;
  progress.note('No --context was given: the embedded cluster judges the form of every object, nothing more');
  return { ...target, kubeconfig: profileDir(target.profile, 'kubeconfig'), judgeOnly: true };
};

/** Shows what `up` would do. A running embedded cluster validates it; without one the program and the policies alone judge. */
export const previewStack = async (
  options: TargetOptions,
  operation: Operation,
  progress: Progress,
): Promise<number> => {
  const target = resolveTarget(options);
  const engine = await chooseEngine(options.engine);
  if (!target.embedded) {
    return engine.preview(engine === embeddedEngine ? await judged(target, progress) : target, operation);
  }
  const running = (await clusterStatus(options.profile)).running;
  if (!running) {
    progress.note(
      'The embedded cluster is not running: no server validates this preview (start it with: platform cluster start)',
    );
    return engine.preview({ ...target, kubeconfig: undefined }, operation);
  }
  return engine.preview(await withBuiltImages(target, progress), operation);
};

/** What the policies say of a stack as its program declares it today, without cluster and state: evidence for a report. */
export const judgeStack = async (stack: string, progress: Progress): Promise<Judgement> => {
  const plain = resolveTarget({ stack, profile: 'default', engine: 'embedded' });
  const target = plain.embedded ? await withBuiltImages(plain, progress) : plain;
  const { config, policyPacks, policyPackConfig } = target;
  const result = await runProgram({ projectDir, stack, config, policyPacks, policyPackConfig });
  const failure = result.diagnostics.find(({ severity }) => severity === 'error');
  if (failure) {
    throw new LocalError(`The ${stack} stack cannot be judged: ${failure.message}`, {
      hint: `Run platform preview --stack ${stack} first.`,
    });
  }
  const now = new Date();
  return {
    stack,
    resources: result.resources.length,
    verdicts: result.violations,
    waivers: waiversIn(readSettings(stack), now),
    at: now.toISOString(),
  };
};

/** The cluster with its data, and the state of what ran on it: a new cluster must not meet the records of an old one. */
export const deleteProfile = async (profile: string): Promise<void> => {
  await deleteCluster(profile);
  rmSync(profileDir(profile), { recursive: true, force: true });
};

/** Removes every resource of the stack; of an embedded cluster then the cluster itself with its data. */
export const takeDown = async (
  options: TargetOptions,
  operation: Operation,
  keepCluster: boolean,
  progress: Progress,
): Promise<number> => {
  const target = resolveTarget(options);
  const engine = await chooseEngine(options.engine);
  if (!target.embedded) return engine.down(target, operation);
  if ((await clusterStatus(options.profile)).running) {
    const exitCode = await engine.down(target, operation);
    if (exitCode !== 0 || keepCluster) return exitCode;
  }
  if (!keepCluster)
    await progress.step('Delete the embedded cluster and its data', () => deleteProfile(options.profile));
  return 0;
};
