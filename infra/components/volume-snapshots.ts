import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Input } from '@pulumi/pulumi';
import { Access } from './access';
import { Component } from './component';
import { assertInRange, assertNameFits, labelsOf } from './names';
import { basePod, containerSecurity, scratch } from './pod';

export interface VolumeSnapshotsArgs {
  namespace: string;
  /** With `kubectl` and a shell. */
  image: Input<string>;
  /** PersistentVolumeClaim that is copied. */
  claim: string;
  snapshotClass: string;
  /** When, as cron has it; UTC. */
  schedule: string;
  /** Copies that are kept; older ones go. */
  keep: number;
}

const uid = 65534;

/** The copy is made first: a night in which that fails removes none. */
export const snapshotScript = ({ claim, snapshotClass, keep }: VolumeSnapshotsArgs) => `
kubectl create -f - <<SNAPSHOT
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata:
  name: ${claim}-$(date -u +%Y%m%d%H%M%S)
  labels: { claim: ${claim} }
spec:
  volumeSnapshotClassName: ${snapshotClass}
  source: { persistentVolumeClaimName: ${claim} }
SNAPSHOT
kubectl get volumesnapshots -l claim=${claim} --sort-by=.metadata.creationTimestamp -o name | head -n -${keep} | xargs -r kubectl delete`;

/** Copies of a volume at fixed times, made by the storage behind it. */
export class VolumeSnapshots extends Component {
  constructor(name: string, args: VolumeSnapshotsArgs, options?: ComponentResourceOptions) {
    super('VolumeSnapshots', name, options);
    assertInRange('keep', args.keep, { min: 1, max: 365 });
    const { namespace } = args;
    const labels = labelsOf({ app: name, component: 'backup' });
    const metadata = { name: assertNameFits(name, 52), namespace, labels };
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata, automountServiceAccountToken: false },
      this.child(),
    );
    const role = new k8s.rbac.v1.Role(
      `${name}-role`,
      {
        metadata,
        rules: [
          {
            apiGroups: ['snapshot.storage.k8s.io'],
            resources: ['volumesnapshots'],
            verbs: ['create', 'get', 'list', 'delete'],
          },
        ],
      },
      this.child(),
    );
    const binding = new k8s.rbac.v1.RoleBinding(
      `${name}-binding`,
      {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
      this.child({ dependsOn: [role, account] }),
    );
    const access = new Access(
      name,
      { namespace, app: name, ingress: [], egress: [{ to: 'dns' }, { to: 'kubernetes' }] },
      this.child(),
    );
    new k8s.batch.v1.CronJob(
      `${name}-job`,
      { metadata, spec: cronJobSpec(name, args, labels) },
      this.child({ dependsOn: [binding, access] }),
    );
    this.registerOutputs({});
  }
}

/** Asks the Kubernetes API for copies, so it has a token; the policy wants to know why. */
const tokenReason = {
  'platform-policy/service-account-token': 'makes and removes volume snapshots, by its own role',
};

function cronJobSpec(
  name: string,
  args: VolumeSnapshotsArgs,
  labels: Record<string, string>,
): k8s.types.input.batch.v1.CronJobSpec {
  const mounts = [scratch('/tmp')];
  const pod = basePod({
    uid,
    serviceAccountName: name,
    mounts,
    graceSeconds: 10,
    containers: [
      {
        name: 'snapshot',
        image: args.image,
        imagePullPolicy: 'IfNotPresent',
        command: ['/bin/sh', '-ec', snapshotScript(args)],
        resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
        securityContext: containerSecurity(),
        volumeMounts: mounts.map(({ mount }) => mount),
      },
    ],
  });
  return {
    schedule: args.schedule,
    timeZone: 'Etc/UTC',
    concurrencyPolicy: 'Forbid',
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      spec: {
        backoffLimit: 2,
        activeDeadlineSeconds: 600,
        template: {
          metadata: { labels, annotations: tokenReason },
          spec: { ...pod, automountServiceAccountToken: true, restartPolicy: 'Never' },
        },
      },
    },
  };
}
