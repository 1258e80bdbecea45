// What a container may do to the kernel it shares: Pod Security 'restricted', the part about privileges.
import type { Field } from '../fields';
import type { ResourceRule } from '../rule';
import {
  containerName,
  eachContainer,
  effective,
  ownsPods,
  plainPodSpec,
  podSpec,
  podTemplate,
} from '../workloads';

const hardening = {
  scope: 'resource',
  item: 'infrastructure/workload-hardening',
  level: 'mandatory',
  matches: ownsPods,
} as const;

const runAsNonRoot: ResourceRule = {
  ...hardening,
  name: 'run-as-non-root',
  severity: 'high',
  description: 'Containers do not run as root.',
  fix: "set securityContext.runAsNonRoot: true and a runAsUser other than 0 on the pod (or on the container), and run the image's process as that user",
  validate(resource, report) {
    const pod = podSpec(resource).at('securityContext');
    report.guard(() => {
      if (pod.at('runAsUser').value === 0) report.violation(pod.at('runAsUser'), 'the pod runs as user 0');
    });
    eachContainer(resource, report, (container) => {
      const own = container.at('securityContext');
      if (effective(resource, container, 'runAsNonRoot').value !== true) {
        report.violation(own.at('runAsNonRoot'), `container ${containerName(container)} may run as root`);
      }
      if (own.at('runAsUser').value === 0) {
        report.violation(own.at('runAsUser'), `container ${containerName(container)} runs as user 0`);
      }
    });
  },
};

const noPrivilegeEscalation: ResourceRule = {
  ...hardening,
  name: 'no-privilege-escalation',
  severity: 'high',
  description: 'A process in a container cannot gain more privileges than it started with.',
  fix: 'set securityContext.allowPrivilegeEscalation: false on the container',
  validate(resource, report) {
    eachContainer(resource, report, (container) => {
      const at = container.at('securityContext', 'allowPrivilegeEscalation');
      if (at.value !== false)
        report.violation(at, `container ${containerName(container)} may gain privileges`);
    });
  },
  remediate(inputs, resource) {
    const spec = plainPodSpec(inputs, resource);
    for (const list of [spec?.initContainers, spec?.containers]) {
      for (const container of Array.isArray(list) ? list : []) {
        container.securityContext ??= {};
        container.securityContext.allowPrivilegeEscalation ??= false;
      }
    }
  },
};

const noPrivilegedContainer: ResourceRule = {
  ...hardening,
  name: 'no-privileged-container',
  severity: 'critical',
  description: 'No container has all the privileges of the node.',
  fix: 'remove securityContext.privileged; add the one capability that is needed instead, with a waiver',
  validate(resource, report) {
    eachContainer(resource, report, (container) => {
      const at = container.at('securityContext', 'privileged');
      if (at.value === true) report.violation(at, `container ${containerName(container)} is privileged`);
    });
  },
};

const capabilitiesDropped: ResourceRule = {
  ...hardening,
  name: 'capabilities-dropped',
  severity: 'high',
  description: 'Containers drop all Linux capabilities; only NET_BIND_SERVICE may be added.',
  fix: "set securityContext.capabilities.drop: ['ALL'] on the container and add nothing but NET_BIND_SERVICE",
  validate(resource, report) {
    eachContainer(resource, report, (container) => {
      const capabilities = container.at('securityContext', 'capabilities');
      report.guard(() => {
        const dropped = capabilities.at('drop').items.map((one) => one.text);
        if (!dropped.includes('ALL')) {
          report.violation(
            capabilities.at('drop'),
            `container ${containerName(container)} keeps default capabilities`,
          );
        }
      });
      for (const added of capabilities.at('add').items) {
        if (added.text !== 'NET_BIND_SERVICE') {
          report.violation(added, `container ${containerName(container)} adds capability ${added.text}`);
        }
      }
    });
  },
};

const seccompProfile: ResourceRule = {
  ...hardening,
  name: 'seccomp-profile',
  severity: 'medium',
  description: 'Containers run under a seccomp profile.',
  fix: 'set securityContext.seccompProfile.type: RuntimeDefault on the pod',
  validate(resource, report) {
    eachContainer(resource, report, (container) => {
      const type = effective(resource, container, 'seccompProfile', 'type');
      if (type.text !== 'RuntimeDefault' && type.text !== 'Localhost') {
        report.violation(type, `container ${containerName(container)} runs without a seccomp profile`);
      }
    });
  },
  remediate(inputs, resource) {
    const spec = plainPodSpec(inputs, resource);
    if (!spec) return;
    spec.securityContext ??= {};
    spec.securityContext.seccompProfile ??= { type: 'RuntimeDefault' };
  },
};

const appArmorProfile: ResourceRule = {
  ...hardening,
  name: 'apparmor-profile',
  severity: 'medium',
  description: 'AppArmor is not switched off.',
  fix: 'remove the Unconfined AppArmor profile (the runtime default applies) or name a Localhost profile',
  validate(resource, report) {
    const refuse = (type: Field) => {
      if (type.exists && type.text !== 'RuntimeDefault' && type.text !== 'Localhost') {
        report.violation(type, `AppArmor profile ${type.text} is not allowed`);
      }
    };
    report.guard(() => refuse(podSpec(resource).at('securityContext', 'appArmorProfile', 'type')));
    eachContainer(resource, report, (container) =>
      refuse(container.at('securityContext', 'appArmorProfile', 'type')),
    );
    for (const [key, profile] of podTemplate(resource).at('metadata', 'annotations').entries) {
      if (!key.startsWith('container.apparmor.security.beta.kubernetes.io/')) continue;
      if (profile.text !== 'runtime/default' && !profile.text?.startsWith('localhost/')) {
        report.violation(profile, 'AppArmor is switched off by annotation');
      }
    }
  },
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];

const seLinuxOptions: ResourceRule = {
  ...hardening,
  name: 'selinux-options',
  severity: 'medium',
  description: 'SELinux confinement is not loosened.',
  fix: 'remove seLinuxOptions, or use one of the container_* types and set neither user nor role',
  validate(resource, report) {
    const refuse = (options: Field) => {
      if (!seLinuxTypes.includes(options.at('type').text ?? '')) {
        report.violation(options.at('type'), `SELinux type ${options.at('type').text} is not allowed`);
      }
      for (const key of ['user', 'role']) {
        if (options.at(key).text) report.violation(options.at(key), `SELinux ${key} is set`);
      }
    };
    report.guard(() => refuse(podSpec(resource).at('securityContext', 'seLinuxOptions')));
    eachContainer(resource, report, (container) => refuse(container.at('securityContext', 'seLinuxOptions')));
  },
};

const defaultProcMount: ResourceRule = {
  ...hardening,
  name: 'default-proc-mount',
  severity: 'medium',
  description: 'The masked paths of /proc stay masked.',
  fix: 'remove securityContext.procMount',
  validate(resource, report) {
    eachContainer(resource, report, (container) => {
      const at = container.at('securityContext', 'procMount');
      if (at.exists && at.text !== 'Default') {
        report.violation(at, `container ${containerName(container)} unmasks /proc`);
      }
    });
  },
};

/** Namespaced sysctls that cannot harm other pods, as the Pod Security Standards list them. */
const safeSysctls = new Set([
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
]);

const safeSysctlsOnly: ResourceRule = {
  ...hardening,
  name: 'safe-sysctls',
  severity: 'medium',
  description: 'Only sysctls that stay inside the pod are set.',
  fix: 'remove the sysctl, or have it set on the nodes by whoever owns them',
  validate(resource, report) {
    for (const sysctl of podSpec(resource).at('securityContext', 'sysctls').items) {
      report.guard(() => {
        const name = sysctl.at('name').text ?? '';
        if (!safeSysctls.has(name))
          report.violation(sysctl.at('name'), `sysctl ${name} reaches beyond the pod`);
      });
    }
  },
};

const noWindowsHostProcess: ResourceRule = {
  ...hardening,
  name: 'no-windows-host-process',
  severity: 'critical',
  description: 'No Windows container runs as a process of its node.',
  fix: 'remove securityContext.windowsOptions.hostProcess',
  validate(resource, report) {
    const refuse = (holder: Field) => {
      const at = holder.at('securityContext', 'windowsOptions', 'hostProcess');
      if (at.value === true) report.violation(at, 'runs as a process of the node');
    };
    report.guard(() => refuse(podSpec(resource)));
    eachContainer(resource, report, refuse);
  },
};

export const privilegeRules = [
  runAsNonRoot,
  noPrivilegeEscalation,
  noPrivilegedContainer,
  capabilitiesDropped,
  seccompProfile,
  appArmorProfile,
  seLinuxOptions,
  defaultProcMount,
  safeSysctlsOnly,
  noWindowsHostProcess,
];
