// The Pod Security Standards, profile 'restricted' (Kubernetes 1.34): each published control with the fields it restricts,
// values the standard forbids and values it allows. The pack must agree with it field by field.
import { resourceOf, runResourceRule } from '../rule';
import { rules } from '.';
import { everyOwner, type Patch, patched, type Sample, UNKNOWN } from './samples.fixtures';

interface Control {
  name: string;
  /** below the pod's spec; `*` stands for a container of each kind */
  fields: string[];
  forbidden: unknown[];
  allowed: unknown[];
}

const containers = ['containers.0', 'initContainers.0', 'ephemeralContainers.0'];
const podOr = (field: string) => [`securityContext.${field}`, `*.securityContext.${field}`];
const seLinux = ['securityContext.seLinuxOptions', '*.securityContext.seLinuxOptions'];
const handlers = [
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle.postStart',
  'lifecycle.preStop',
];
const volume = (type: string, source: unknown) => [{ name: 'data', [type]: source }];

const controls: Control[] = [
  // baseline
  {
    name: 'HostProcess',
    fields: podOr('windowsOptions.hostProcess'),
    forbidden: [true],
    allowed: [undefined, false],
  },
  ...['hostNetwork', 'hostPID', 'hostIPC'].map((field) => ({
    ...{ name: `Host Namespaces: ${field}`, fields: [field] },
    ...{ forbidden: [true], allowed: [undefined, false] },
  })),
  {
    name: 'Privileged Containers',
    fields: ['*.securityContext.privileged'],
    forbidden: [true],
    allowed: [undefined, false],
  },
  {
    name: 'HostPath Volumes',
    fields: ['volumes'],
    forbidden: [volume('hostPath', { path: '/' })],
    allowed: [undefined, []],
  },
  {
    name: 'Host Ports',
    fields: ['*.ports'],
    forbidden: [[{ containerPort: 80, hostPort: 80 }]],
    allowed: [undefined, [{ containerPort: 80 }], [{ containerPort: 80, hostPort: 0 }]],
  },
  {
    name: 'Host Probes and Lifecycle Hooks',
    fields: handlers.map((handler) => `*.${handler}`),
    forbidden: [
      { httpGet: { port: 80, host: '169.254.169.254' } },
      { tcpSocket: { port: 80, host: 'other' } },
    ],
    allowed: [{ httpGet: { port: 80 } }, { tcpSocket: { port: 80, host: '' } }],
  },
  {
    name: 'AppArmor',
    fields: podOr('appArmorProfile.type'),
    forbidden: ['Unconfined'],
    allowed: [undefined, 'RuntimeDefault', 'Localhost'],
  },
  {
    name: 'SELinux type',
    fields: seLinux.map((field) => `${field}.type`),
    forbidden: ['spc_t', 'unconfined_t'],
    allowed: [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'],
  },
  ...['user', 'role'].map((key) => ({
    ...{ name: `SELinux ${key}`, fields: seLinux.map((field) => `${field}.${key}`) },
    ...{ forbidden: ['system_u'], allowed: [undefined, ''] },
  })),
  {
    name: '/proc Mount Type',
    fields: ['*.securityContext.procMount'],
    forbidden: ['Unmasked'],
    allowed: [undefined, 'Default'],
  },
  {
    name: 'Sysctls',
    fields: ['securityContext.sysctls'],
    forbidden: [[{ name: 'kernel.msgmax', value: '1' }], [{ name: 'net.core.somaxconn', value: '1' }]],
    allowed: [
      undefined,
      ...[
        'kernel.shm_rmid_forced',
        'net.ipv4.ip_local_port_range',
        'net.ipv4.ip_local_reserved_ports',
        'net.ipv4.ip_unprivileged_port_start',
        'net.ipv4.tcp_syncookies',
        'net.ipv4.ping_group_range',
        'net.ipv4.tcp_keepalive_time',
        'net.ipv4.tcp_fin_timeout',
        'net.ipv4.tcp_keepalive_intvl',
        'net.ipv4.tcp_keepalive_probes',
        'net.ipv4.tcp_rmem',
        'net.ipv4.tcp_wmem',
      ].map((name) => [{ name, value: '1' }]),
    ],
  },
  // restricted
  {
    name: 'Volume Types',
    fields: ['volumes'],
    forbidden: [
      'nfs',
      'iscsi',
      'awsElasticBlockStore',
      'glusterfs',
      'cephfs',
      'gitRepo',
      'flexVolume',
      'local',
    ].map((type) => volume(type, {})),
    allowed: [
      'configMap',
      'csi',
      'downwardAPI',
      'emptyDir',
      'ephemeral',
      'persistentVolumeClaim',
      'projected',
      'secret',
    ].map((type) => volume(type, {})),
  },
  {
    name: 'Privilege Escalation',
    fields: ['*.securityContext.allowPrivilegeEscalation'],
    forbidden: [undefined, true],
    allowed: [false],
  },
  {
    name: 'Running as Non-root',
    fields: ['*.securityContext.runAsNonRoot'],
    forbidden: [false],
    // The pod's own says true.
    allowed: [undefined, true],
  },
  {
    name: 'Running as Non-root of the pod',
    fields: ['securityContext.runAsNonRoot'],
    forbidden: [undefined, false],
    allowed: [true],
  },
  {
    name: 'Running as Non-root user',
    fields: podOr('runAsUser'),
    forbidden: [0],
    allowed: [undefined, 65534],
  },
  {
    name: 'Seccomp',
    fields: ['*.securityContext.seccompProfile.type'],
    forbidden: ['Unconfined'],
    allowed: [undefined, 'RuntimeDefault', 'Localhost'],
  },
  {
    name: 'Seccomp of the pod',
    fields: ['securityContext.seccompProfile'],
    forbidden: [undefined, { type: 'Unconfined' }],
    allowed: [{ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'a.json' }],
  },
  {
    name: 'Capabilities: drop',
    fields: ['*.securityContext.capabilities.drop'],
    forbidden: [undefined, [], ['NET_RAW']],
    allowed: [['ALL'], ['ALL', 'NET_RAW']],
  },
  {
    name: 'Capabilities: add',
    fields: ['*.securityContext.capabilities.add'],
    forbidden: [['SYS_ADMIN'], ['CHOWN'], ['NET_BIND_SERVICE', 'SYS_TIME']],
    allowed: [undefined, [], ['NET_BIND_SERVICE']],
  },
];

const restricted = rules.filter((rule) => rule.item === 'infrastructure/workload-hardening');
const specPaths: Record<string, string> = { Pod: 'spec', CronJob: 'spec.jobTemplate.spec.template.spec' };
const specOf = (owner: Sample) => specPaths[owner.type.split(':').at(-1) ?? ''] ?? 'spec.template.spec';

/** Each owner of pods, with a container of each kind, with this value in this field. */
function pods(field: string, value: unknown): Sample[] {
  const places = field.includes('*') ? containers.map((container) => field.replace('*', container)) : [field];
  const debug = {
    name: 'debug',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  return everyOwner({ ephemeralContainers: [debug] }).flatMap((owner) =>
    places.map((place) => patched(owner, { [`${specOf(owner)}.${place}`]: value } as Patch)),
  );
}

/** What the rules of the profile say of it. */
const judged = (sample: Sample) => {
  const resource = resourceOf(sample);
  const outcomes = restricted.map((rule) =>
    rule.scope === 'resource' ? runResourceRule(rule, resource) : undefined,
  );
  return {
    violations: outcomes
      .flatMap((one) => one?.violations ?? [])
      .map(({ path, problem }) => `${path}: ${problem}`),
    unchecked: outcomes.flatMap((one) => one?.unchecked ?? []),
  };
};

describe("the Pod Security profile 'restricted'", () => {
  it.each(controls.map((one) => [one.name, one] as const))(
    'refuses %s where the standard does',
    (_, control) => {
      for (const field of control.fields) {
        for (const value of control.forbidden) {
          for (const pod of pods(field, value))
            expect([pod.type, field, value, judged(pod).violations]).not.toEqual([
              pod.type,
              field,
              value,
              [],
            ]);
        }
      }
    },
  );

  it.each(controls.map((one) => [one.name, one] as const))(
    'allows %s where the standard does',
    (_, control) => {
      for (const field of control.fields) {
        for (const value of control.allowed) {
          for (const pod of pods(field, value))
            expect([pod.type, field, value, judged(pod).violations]).toEqual([pod.type, field, value, []]);
        }
      }
    },
  );

  it.each(controls.map((one) => [one.name, one] as const))('leaves an unknown %s open', (_, control) => {
    for (const field of control.fields) {
      for (const pod of pods(field, UNKNOWN)) {
        const { violations, unchecked } = judged(pod);
        expect([pod.type, field, violations]).toEqual([pod.type, field, []]);
        expect(unchecked).not.toEqual([]);
      }
    }
  });
});
