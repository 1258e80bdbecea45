import type { types } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';
import { assertInRange, type Colour, labelsOf } from './names';
import {
  basePod,
  type Container,
  containerSecurity,
  type EnvVar,
  httpProbe,
  type Mount,
  type Resources,
  scratch,
  startupProbe,
} from './pod';

type DeploymentSpec = types.input.apps.v1.DeploymentSpec;

interface ProbeFigures {
  path: string;
  initialDelaySeconds: number;
  periodSeconds: number;
}

/** One colour of a service. */
export interface WorkloadArgs {
  namespace: string;
  /** Value of the label `app`: `<name>-service`. */
  app: string;
  colour: Colour;
  /** Version label; the process reads it as SERVICE_VERSION. */
  version: string;
  image: Input<string>;
  port: number;
  /** Pods at birth; 0 for the colour that is not live. Owned by autoscaler and release tool afterwards. */
  replicas: number;
  resources: Resources;
  liveness: ProbeFigures;
  readiness: ProbeFigures;
  env: EnvVar[];
  /** Secrets and other volumes. `/tmp` is there anyway. */
  mounts: Mount[];
  /** Run the image with `migrate` before it serves. */
  migrate: boolean;
  serviceAccountName: Input<string>;
  /** Keep the pods of a colour apart, over nodes and zones. Senseless on one node. */
  spread: boolean;
  /** True when image and version label belong to the release tool. @default false */
  releaseManaged?: boolean;
  /** On the pods; a change rolls them. */
  podAnnotations?: Record<string, string>;
}

/** Uid of our service images. */
const uid = 65534;
/** Endpoints learn of a leaving pod a moment late; it serves on for that long (lost 15 of 20,000 requests without). */
const preStopSeconds = 5;
/** What the process may take to drain, after preStop, and a reserve. */
const graceSeconds = preStopSeconds + 25 + 5;

/** How long a process may take until it answers for the first time. */
const startupSeconds = 120;

/** The labels a Deployment and its Services select by. Never the version: it changes, and selectors cannot. */
export const selectorOf = (args: { app: string; colour: Colour }) => ({ app: args.app, colour: args.colour });

export function deploymentSpec(args: WorkloadArgs): DeploymentSpec {
  assertInRange(`${args.app}-${args.colour} replicas`, args.replicas, { min: 0, max: 1000 });
  assertInRange(`${args.app} port`, args.port, { min: 1024, max: 65535 });
  return {
    replicas: args.replicas,
    revisionHistoryLimit: 3,
    selector: { matchLabels: selectorOf(args) },
    // A pod more before one less: the capacity asked for is always there.
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      metadata: {
        labels: {
          ...labelsOf({ app: args.app, component: 'service' }),
          ...selectorOf(args),
          version: args.version,
        },
        annotations: args.podAnnotations ?? {},
      },
      spec: podSpec(args),
    },
  };
}

function podSpec(args: WorkloadArgs): types.input.core.v1.PodSpec {
  const mounts = [scratch('/tmp'), ...args.mounts];
  return {
    ...basePod({
      uid,
      serviceAccountName: args.serviceAccountName,
      mounts,
      graceSeconds,
      containers: [servingContainer(args, mounts)],
    }),
    initContainers: args.migrate ? [migratingContainer(args, mounts)] : [],
    ...(args.spread ? apart(args) : {}),
  };
}

const ownContainer = (args: WorkloadArgs, mounts: Mount[]) => ({
  image: args.image,
  imagePullPolicy: 'IfNotPresent',
  env: [...args.env, versionVariable],
  resources: args.resources,
  securityContext: containerSecurity(),
  volumeMounts: mounts.map(({ mount }) => mount),
});

/** From the label, so that who changes the label (the release tool) changes what the process says of itself. */
const versionVariable: EnvVar = {
  name: 'SERVICE_VERSION',
  valueFrom: { fieldRef: { fieldPath: "metadata.labels['version']" } },
};

const servingContainer = (args: WorkloadArgs, mounts: Mount[]): Container => ({
  name: 'service',
  ...ownContainer(args, mounts),
  ports: [{ name: 'http', containerPort: args.port, protocol: 'TCP' }],
  startupProbe: startupProbe({ httpGet: { path: args.liveness.path, port: args.port } }, startupSeconds),
  livenessProbe: httpProbe(args.port, args.liveness),
  readinessProbe: httpProbe(args.port, args.readiness),
  // The image has no shell; the kubelet itself does the waiting.
  lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
});

const migratingContainer = (args: WorkloadArgs, mounts: Mount[]): Container => ({
  name: 'migrate',
  ...ownContainer(args, mounts),
  args: ['migrate'],
});

/** Two pods of a colour rather not on one node, and evenly over zones. Preferences: a full cluster still starts them. */
function apart(
  args: WorkloadArgs,
): Pick<types.input.core.v1.PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  const labelSelector = { matchLabels: selectorOf(args) };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector,
      },
    ],
  };
}

/** Fields of a Deployment that somebody else owns once it exists (docs/adr/0004-owners-of-fields.md). */
export function fieldsOfOthers(args: Pick<WorkloadArgs, 'releaseManaged' | 'migrate'>): string[] {
  const autoscaler = ['spec.replicas'];
  if (!args.releaseManaged) return autoscaler;
  const migrating = args.migrate ? ['spec.template.spec.initContainers[0].image'] : [];
  return [
    ...autoscaler,
    'metadata.labels.version',
    'spec.template.metadata.labels.version',
    'spec.template.spec.containers[0].image',
    ...migrating,
  ];
}
