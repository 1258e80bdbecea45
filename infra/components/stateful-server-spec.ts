import type { types } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';
import { assertInRange, labelsOf } from './names';
import {
  basePod,
  containerSecurity,
  type EnvVar,
  type Mount,
  type Probe,
  type Resources,
  scratch,
} from './pod';

/** A server that keeps data on volumes of its own. */
export interface StatefulServerArgs {
  namespace: string;
  image: Input<string>;
  /** Given to the image's own entrypoint. */
  args?: string[];
  uid: number;
  /** Port name → number; the first one is what clients use. */
  ports: Record<string, number>;
  env: EnvVar[];
  replicas: number;
  /** Volume of each replica. Unset: `dataPath` is lost with the pod. */
  storage?: { size: string; class: string };
  dataPath: string;
  /** Folders that must be writable and may be lost. `/tmp` is among them anyway. */
  scratchPaths: string[];
  mounts: Mount[];
  probe: Probe;
  /** How long the first start may take. */
  startupSeconds: number;
  /** How long a clean stop may take. */
  graceSeconds: number;
  resources: Resources;
  serviceAccountName: Input<string>;
  /** Keep replicas on different nodes, evenly over zones. */
  spread: boolean;
  /** On the pods; a change rolls them. */
  podAnnotations?: Record<string, string>;
}

type StatefulSetSpec = types.input.apps.v1.StatefulSetSpec;
const volume = 'data';
const probePeriodSeconds = 2;

/** Service that gives every replica a name of its own. */
export const peersServiceName = (app: string) => `${app}-nodes`;

export function statefulSetSpec(app: string, args: StatefulServerArgs): StatefulSetSpec {
  assertInRange(`${app} replicas`, args.replicas, { min: 1, max: 9 });
  return {
    replicas: args.replicas,
    serviceName: peersServiceName(app),
    revisionHistoryLimit: 3,
    // All at once: a quorum cannot form one by one.
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: labelsOf({ app, component: 'server' }), annotations: args.podAnnotations ?? {} },
      spec: podSpec(app, args),
    },
    ...(args.storage ? { volumeClaimTemplates: [claim(app, args.storage)] } : {}),
  };
}

function podSpec(app: string, args: StatefulServerArgs): types.input.core.v1.PodSpec {
  const lost = args.storage ? [] : [scratch(args.dataPath, '1Gi')];
  const mounts = [
    scratch('/tmp'),
    ...args.scratchPaths.map((path) => scratch(path)),
    ...lost,
    ...args.mounts,
  ];
  return {
    ...basePod({
      uid: args.uid,
      serviceAccountName: args.serviceAccountName,
      mounts,
      graceSeconds: args.graceSeconds,
      containers: [serverContainer(app, args, mounts)],
    }),
    ...(args.spread && args.replicas > 1 ? apart(app) : {}),
  };
}

const serverContainer = (
  app: string,
  args: StatefulServerArgs,
  mounts: Mount[],
): types.input.core.v1.Container => ({
  name: app,
  image: args.image,
  imagePullPolicy: 'IfNotPresent',
  args: args.args ?? [],
  env: args.env,
  ports: Object.entries(args.ports).map(([name, containerPort]) => ({
    name,
    containerPort,
    protocol: 'TCP',
  })),
  startupProbe: {
    ...args.probe,
    periodSeconds: probePeriodSeconds,
    failureThreshold: Math.ceil(args.startupSeconds / probePeriodSeconds),
  },
  livenessProbe: { ...args.probe, periodSeconds: 10, failureThreshold: 6 },
  readinessProbe: { ...args.probe, periodSeconds: 5, failureThreshold: 3 },
  resources: args.resources,
  securityContext: containerSecurity(),
  volumeMounts: [
    ...(args.storage ? [{ name: volume, mountPath: args.dataPath }] : []),
    ...mounts.map(({ mount }) => mount),
  ],
});

const claim = (app: string, storage: { size: string; class: string }) => ({
  metadata: { name: volume, labels: { app } },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storage.class,
    resources: { requests: { storage: storage.size } },
  },
});

/** Two replicas never on one node. Zones are a preference: with fewer zones than replicas all of them still start. */
const apart = (app: string): Pick<types.input.core.v1.PodSpec, 'affinity' | 'topologySpreadConstraints'> => {
  const labelSelector = { matchLabels: { app } };
  return {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector },
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
};
