// What of the node a pod may see: Pod Security 'restricted', the part about the host and its file system.
import type { Field } from '../fields';
import type { ResourceRule } from '../rule';
import { containerName, eachContainer, ownsPods, podSpec } from '../workloads';

const hardening = {
  scope: 'resource',
  item: 'infrastructure/workload-hardening',
  level: 'mandatory',
  matches: ownsPods,
} as const;

const noHostNamespaces: ResourceRule = {
  ...hardening,
  name: 'no-host-namespaces',
  severity: 'critical',
  description: "Pods have their own network, process and IPC namespaces, not the node's.",
  fix: 'remove hostNetwork, hostPID and hostIPC from the pod',
  validate(resource, report) {
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) {
      report.guard(() => {
        const at = podSpec(resource).at(key);
        if (at.value === true) report.violation(at, `${key} is on`);
      });
    }
  },
};

const noHostPorts: ResourceRule = {
  ...hardening,
  name: 'no-host-ports',
  severity: 'high',
  description: 'Containers do not open ports of the node.',
  fix: 'remove hostPort and reach the pod through a Service',
  validate(resource, report) {
    eachContainer(resource, report, (container) => {
      for (const port of container.at('ports').items) {
        const at = port.at('hostPort');
        if (at.exists && at.value !== 0) {
          report.violation(at, `container ${containerName(container)} opens port ${at.text} of the node`);
        }
      }
    });
  },
};

const noHostPath: ResourceRule = {
  ...hardening,
  name: 'no-host-path',
  severity: 'critical',
  description: 'Pods do not mount folders of the node.',
  fix: 'use a persistentVolumeClaim, an emptyDir, or a configMap instead of hostPath',
  validate(resource, report) {
    for (const volume of podSpec(resource).at('volumes').items) {
      report.guard(() => {
        const at = volume.at('hostPath');
        if (at.exists) report.violation(at, `volume '${volume.at('name').text}' mounts a folder of the node`);
      });
    }
  },
};

const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const volumeTypes: ResourceRule = {
  ...hardening,
  name: 'volume-types',
  severity: 'medium',
  description: 'Only volume types that keep a pod away from the node and from storage credentials are used.',
  fix: `use one of ${[...allowedVolumes].join(', ')}; reach other storage through a persistentVolumeClaim`,
  validate(resource, report) {
    for (const volume of podSpec(resource).at('volumes').items) {
      report.guard(() => {
        for (const [key, field] of volume.entries) {
          // hostPath has a rule, and a severity, of its own.
          if (key === 'name' || key === 'hostPath' || allowedVolumes.has(key)) continue;
          if (field.exists) report.violation(field, `volume type ${key} is not allowed`);
        }
      });
    }
  },
};

const noHostProbes: ResourceRule = {
  ...hardening,
  name: 'no-host-probes',
  severity: 'medium',
  description: 'Probes and lifecycle hooks talk to their own pod only.',
  fix: 'remove host from the httpGet or tcpSocket handler; the kubelet then asks the pod itself',
  validate(resource, report) {
    const refuse = (container: Field, handler: Field) => {
      for (const kind of ['httpGet', 'tcpSocket']) {
        report.guard(() => {
          const host = handler.at(kind, 'host');
          if (host.text)
            report.violation(host, `container ${containerName(container)} has the node call another host`);
        });
      }
    };
    eachContainer(resource, report, (container) => {
      for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
        refuse(container, container.at(probe));
      for (const hook of ['postStart', 'preStop']) refuse(container, container.at('lifecycle', hook));
    });
  },
};

const readOnlyRoot: ResourceRule = {
  ...hardening,
  name: 'read-only-root',
  severity: 'medium',
  description: "A container's own file system is read-only, so that nothing can be planted in it.",
  fix: 'set securityContext.readOnlyRootFilesystem: true and mount an emptyDir where the process must write',
  validate(resource, report) {
    const lists = ['containers', 'initContainers'] as const;
    eachContainer(
      resource,
      report,
      (container) => {
        const at = container.at('securityContext', 'readOnlyRootFilesystem');
        if (at.value !== true)
          report.violation(at, `container ${containerName(container)} can write its root file system`);
      },
      [...lists],
    );
  },
};

export const hostRules = [noHostNamespaces, noHostPorts, noHostPath, volumeTypes, noHostProbes, readOnlyRoot];
