// Who a workload is, and what that identity may do.
import type { Field } from '../fields';
import type { Resource, ResourceRule } from '../rule';
import { isOf, ownsPods, plainPodSpec, podSpec, reasonFor } from '../workloads';

export const tokenAnnotation = 'platform-policy/service-account-token';

const serviceAccountToken: ResourceRule = {
  scope: 'resource',
  name: 'service-account-token',
  item: 'authorisation/rbac',
  severity: 'high',
  level: 'mandatory',
  description: 'Pods do not carry a token of the cluster API unless they ask for it and say why.',
  fix: `set automountServiceAccountToken: false on the pod; if the process talks to the cluster API, say why in the annotation ${tokenAnnotation} (at least 10 characters)`,
  matches: ownsPods,
  validate(resource, report) {
    if (reasonFor(resource, tokenAnnotation)) return;
    report.guard(() => {
      const mount = podSpec(resource).at('automountServiceAccountToken');
      if (mount.value !== false) report.violation(mount, 'the service account token is mounted');
    });
    for (const volume of podSpec(resource).at('volumes').items) {
      report.guard(() => {
        for (const source of volume.at('projected', 'sources').items) {
          const token = source.at('serviceAccountToken');
          if (token.exists) report.violation(token, 'a service account token is projected');
        }
      });
    }
  },
  remediate(inputs, resource) {
    const spec = plainPodSpec(inputs, resource);
    if (spec) spec.automountServiceAccountToken ??= false;
  },
};

const ownServiceAccount: ResourceRule = {
  scope: 'resource',
  name: 'own-service-account',
  item: 'authorisation/service-to-service',
  severity: 'medium',
  level: 'mandatory',
  description: "Every workload has a service account of its own: it is the workload's identity in the mesh.",
  fix: 'make a ServiceAccount for the workload and name it in serviceAccountName',
  matches: ownsPods,
  validate(resource, report) {
    const name = podSpec(resource).at('serviceAccountName');
    if (!name.text || name.text === 'default') report.violation(name, 'the default service account is used');
  },
};

const isRole = (resource: Resource) =>
  isOf(resource, 'rbac.authorization.k8s.io', 'Role') ||
  isOf(resource, 'rbac.authorization.k8s.io', 'ClusterRole');

const noWildcardRole: ResourceRule = {
  scope: 'resource',
  name: 'no-wildcard-role',
  item: 'authorisation/rbac',
  severity: 'high',
  level: 'mandatory',
  description: 'Roles name what they allow.',
  fix: "replace '*' by the API groups, resources and verbs that are needed; never grant escalate, bind or impersonate",
  matches: isRole,
  validate(resource, report) {
    for (const rule of resource.props.at('rules').items) {
      for (const key of ['apiGroups', 'resources', 'verbs']) {
        report.guard(() => {
          for (const one of rule.at(key).items) {
            if (one.text === '*') report.violation(one, `the role allows all ${key}`);
            if (key === 'verbs' && ['escalate', 'bind', 'impersonate'].includes(one.text ?? '')) {
              report.violation(one, `the role may ${one.text}, which is the way to every other role`);
            }
          }
        });
      }
    }
  },
};

const isBinding = (resource: Resource) =>
  isOf(resource, 'rbac.authorization.k8s.io', 'RoleBinding') ||
  isOf(resource, 'rbac.authorization.k8s.io', 'ClusterRoleBinding');

const everyone = new Set([
  'system:anonymous',
  'system:unauthenticated',
  'system:authenticated',
  'system:masters',
]);

const noAdminBinding: ResourceRule = {
  scope: 'resource',
  name: 'no-admin-binding',
  item: 'authorisation/admin-access',
  severity: 'critical',
  level: 'mandatory',
  description: 'Nobody is made cluster administrator by the program, and no role is given to everyone.',
  fix: 'bind a role that names what it allows, to a service account or group of its own',
  matches: isBinding,
  validate(resource, report) {
    const role = resource.props.at('roleRef', 'name');
    report.guard(() => {
      if (role.text === 'cluster-admin') report.violation(role, 'cluster-admin is bound');
    });
    for (const subject of resource.props.at('subjects').items) {
      report.guard(() => refuseEveryone(subject.at('name')));
    }
    function refuseEveryone(name: Field) {
      if (everyone.has(name.text ?? '')) report.violation(name, `the role is given to ${name.text}`);
    }
  },
};

export const identityRules = [serviceAccountToken, ownServiceAccount, noWildcardRole, noAdminBinding];
