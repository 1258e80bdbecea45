import { execFile } from 'node:child_process';
import type { Environment, ServiceEntry } from '@platform/infra/catalog/schema';
import { clusterStatus } from '@platform/local/cluster';
import { LocalError } from '@platform/local/errors';
import type { Progress } from '@platform/local/progress';
import { ensureTools } from '@platform/local/toolchain';
import { resolveTarget, type Target, type TargetOptions } from './target';

/** What decides which code runs. */
interface Release {
  /** Of the pod or the Deployment. */
  name: string;
  colour: string;
  version: string;
  image: string;
}
export interface ServicePod extends Release {
  phase: string;
  /** It has been told to go, and may still serve. */
  leaving: boolean;
  createdAt: string;
}
export interface ServiceState {
  pods: ServicePod[];
  deployments: (Release & { replicas: number })[];
}

/** A stack's services, and a way to run their own commands (`main.js …`) in one of their pods. */
export interface Pods {
  services: ServiceEntry[];
  /** @returns the JSON it answers. @throws LocalError with what it says when it refuses. */
  run<T>(service: string, ...args: string[]): Promise<T>;
  /** The same in the pod of this name. */
  runIn<T>(pod: string, ...args: string[]): Promise<T>;
  /** Both colours of a service, as they are now. */
  state(service: string): Promise<ServiceState>;
}

export const namespace = 'ecommerce-platform';

export const podsOf = async (options: TargetOptions, progress: Progress): Promise<Pods> => {
  const target = resolveTarget(options);
  const kubectl = await kubectlOf(target, progress);
  // Loaded here, so that no other command waits for the catalogue's schema.
  const catalogue: typeof import('@platform/infra/catalog/load') = require('@platform/infra/catalog/load');
  const runIn = async <T>(pod: string, ...args: string[]): Promise<T> => {
    const command = ['node', '/app/main.js', ...args];
    return JSON.parse(await kubectl('exec', '-n', namespace, pod, '-c', 'service', '--', ...command));
  };
  return {
    services: catalogue.loadCatalogue(target.stack as Environment),
    runIn,
    async state(service: string) {
      const all = ['get', 'pods,deployments', '-n', namespace, '-l', `app=${service}-service`, '-o', 'json'];
      return stateOf(JSON.parse(await kubectl(...all)));
    },
    async run<T>(service: string, ...args: string[]): Promise<T> {
      const pod = await kubectl(
        ...['get', 'pods', '-n', namespace, '-l', `app=${service}-service`],
        ...['--field-selector', 'status.phase=Running', '-o', 'jsonpath={.items[0].metadata.name}'],
      ).catch(() => '');
      if (!pod) throw noPodRuns(service);
      return runIn(pod, ...args);
    },
  };
};

export const noPodRuns = (service: string): LocalError =>
  new LocalError(`No pod of ${service} runs`, {
    hint: `See why: platform kubectl -- get pods -n ${namespace} -l app=${service}-service`,
    retriable: true,
  });

interface PodSpec {
  containers: { name: string; image: string }[];
}
interface Listed {
  kind: string;
  metadata: {
    name: string;
    labels?: Record<string, string>;
    creationTimestamp: string;
    deletionTimestamp?: string;
  };
  spec: PodSpec & { replicas?: number; template?: { metadata: Listed['metadata']; spec: PodSpec } };
  status?: { phase?: string };
}

const releaseOf = (name: string, { labels = {} }: Listed['metadata'], { containers }: PodSpec): Release => ({
  name,
  colour: labels.colour ?? 'no colour',
  version: labels.version ?? 'no version',
  image: containers.find((one) => one.name === 'service')?.image ?? 'no image',
});

/** @param list what `kubectl get pods,deployments -o json` says */
export const stateOf = ({ items }: { items: Listed[] }): ServiceState => ({
  pods: items
    .filter(({ kind }) => kind === 'Pod')
    .map(({ metadata, spec, status }) => ({
      ...releaseOf(metadata.name, metadata, spec),
      phase: status?.phase ?? 'Unknown',
      leaving: metadata.deletionTimestamp !== undefined,
      createdAt: metadata.creationTimestamp,
    })),
  deployments: items.flatMap(({ kind, metadata, spec: { template, replicas = 1 } }) =>
    kind === 'Deployment' && template
      ? [{ ...releaseOf(metadata.name, template.metadata, template.spec), replicas }]
      : [],
  ),
});

/** Runs kubectl against a stack's cluster and gives what it prints. */
export const kubectlOf = async (target: Target, progress: Progress) => {
  if (target.embedded && !(await clusterStatus(target.profile)).running) {
    throw new LocalError(`Cluster ${target.profile} is not running`, {
      hint: 'Start it: platform up',
    });
  }
  if (!target.kubeconfig) {
    throw new LocalError(`It is not known where ${target.stack} runs`, {
      hint: 'Name the context of its cluster: --context',
    });
  }
  const { kubectl } = await ensureTools(['kubectl'], progress);
  const context = target.context ? ['--context', target.context] : [];
  const env = { ...process.env, KUBECONFIG: target.kubeconfig };
  return (...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      const settings = { env, maxBuffer: 1 << 28, timeout: 600_000 };
      execFile(kubectl as string, [...context, ...args], settings, (error, stdout, stderr) => {
        // An exit code may be a verdict: what has answered has answered.
        if (!error || stdout.trim()) resolve(stdout.trim());
        else reject(refusal(stderr, error));
      });
    });
};

/** What the command said, without the service's log (a JSON object a line) and kubectl's remark about its exit code. */
export const refusal = (stderr: string, cause: Error): LocalError => {
  const [message = cause.message, ...hint] = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('{') && !line.startsWith('command terminated'));
  return new LocalError(message, {
    hint: hint.join(' ') || 'Look at the pods: platform kubectl -- get pods -A',
    cause,
  });
};
