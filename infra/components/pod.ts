// What every pod of the platform has in common: Kubernetes' `restricted` pod security, spelt out so that nothing depends on defaults.
import type { types } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

export type PodSpec = types.input.core.v1.PodSpec;
export type Container = types.input.core.v1.Container;
export type EnvVar = types.input.core.v1.EnvVar;
export type Probe = types.input.core.v1.Probe;
type Volume = types.input.core.v1.Volume;
type VolumeMount = types.input.core.v1.VolumeMount;

/** CPU in cores, memory in bytes, as Kubernetes writes them ("200m", "256Mi"). */
export interface Resources {
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}

/** Security of a pod whose processes run as this uid and gid; volumes belong to the same group. */
export const podSecurity = (uid: number): types.input.core.v1.PodSecurityContext => ({
  runAsNonRoot: true,
  runAsUser: uid,
  runAsGroup: uid,
  fsGroup: uid,
  // Otherwise every file of a large volume is visited at every start.
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
});

export const containerSecurity = (): types.input.core.v1.SecurityContext => ({
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
});

/** A variable whose value stays in a Secret. */
export const fromSecret = (name: string, secretName: Input<string>, key: string): EnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secretName, key } },
});

/** A volume and where it is seen; kept together so that neither is forgotten. */
export interface Mount {
  volume: Volume;
  mount: VolumeMount;
}

const volumeName = (path: string) => path.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '');

/** An empty folder that lives as long as the pod: the root file system is read-only. */
export const scratch = (path: string, sizeLimit = '64Mi'): Mount => ({
  volume: { name: volumeName(path), emptyDir: { sizeLimit } },
  mount: { name: volumeName(path), mountPath: path },
});

/** One key of a Secret as a file in `folder`, readable by the pod's group. Follows the Secret's changes. */
export const secretFile = (folder: string, secretName: Input<string>, key: string): Mount => ({
  volume: {
    name: volumeName(folder),
    secret: { secretName, defaultMode: 0o440, items: [{ key, path: key }] },
  },
  mount: { name: volumeName(folder), mountPath: folder, readOnly: true },
});

/** All keys of a ConfigMap as files in `folder`. */
export const configFiles = (folder: string, configMapName: Input<string>): Mount => ({
  volume: { name: volumeName(folder), configMap: { name: configMapName, defaultMode: 0o444 } },
  mount: { name: volumeName(folder), mountPath: folder, readOnly: true },
});

export const httpProbe = (
  port: number,
  figures: { path: string; initialDelaySeconds: number; periodSeconds: number },
): Probe => ({
  httpGet: { path: figures.path, port },
  initialDelaySeconds: figures.initialDelaySeconds,
  periodSeconds: figures.periodSeconds,
  timeoutSeconds: 5,
  failureThreshold: 3,
});

/**
 * Asks every second until the process answers for the first time; the other probes begin after that. A slow start on a busy node is
 * then no reason to be killed, which would make the node busier.
 */
export const startupProbe = (
  probe: Pick<Probe, 'httpGet' | 'tcpSocket' | 'exec'>,
  seconds: number,
): Probe => ({
  ...probe,
  periodSeconds: 1,
  timeoutSeconds: 3,
  failureThreshold: seconds,
});

/** The parts of a pod that do not depend on what runs in it. */
export const basePod = (args: {
  uid: number;
  serviceAccountName: Input<string>;
  mounts: Mount[];
  containers: Container[];
  graceSeconds: number;
}): PodSpec => ({
  serviceAccountName: args.serviceAccountName,
  // Nothing here talks to the Kubernetes API.
  automountServiceAccountToken: false,
  // Otherwise every Service of the namespace becomes a dozen variables in every pod.
  enableServiceLinks: false,
  securityContext: podSecurity(args.uid),
  terminationGracePeriodSeconds: args.graceSeconds,
  volumes: args.mounts.map(({ volume }) => volume),
  containers: args.containers,
});
