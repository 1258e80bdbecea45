// Where a resource stands and how it is found again; and that the pack can see it at all.
import { listSetting, type Resource, type ResourceRule } from '../rule';
import { groupOf, isKubernetes, ownsPods, podTemplate } from '../workloads';

const defaultLabels = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/component',
  'app.kubernetes.io/managed-by',
];

const requiredLabels: ResourceRule = {
  scope: 'resource',
  name: 'required-labels',
  item: 'compliance/soc2',
  severity: 'low',
  level: 'mandatory',
  description:
    'Workloads and their pods say what they are and whose part they are: an inventory is kept by label.',
  fix: 'set the missing label on metadata.labels of the workload and of its pod template',
  settings: {
    labels: {
      type: 'array',
      items: { type: 'string' },
      description: `labels to ask for (default: ${defaultLabels.join(', ')})`,
    },
  },
  matches: ownsPods,
  validate(resource, report, settings) {
    const places = resource.kind === 'Pod' ? [resource.props] : [resource.props, podTemplate(resource)];
    for (const label of listSetting(settings, 'labels', defaultLabels)) {
      for (const place of places) {
        report.guard(() => {
          const at = place.at('metadata', 'labels', label);
          if (!at.text) report.violation(at, `label ${label} is missing`);
        });
      }
    }
  },
};

// Kinds without a namespace; every kind that begins with Cluster belongs here too.
const clusterWide = new Set(
  `Namespace Node PersistentVolume StorageClass CustomResourceDefinition PriorityClass IngressClass RuntimeClass GatewayClass
  ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
  MutatingAdmissionPolicy MutatingAdmissionPolicyBinding APIService CSIDriver CSINode VolumeAttachment VolumeAttributesClass
  FlowSchema PriorityLevelConfiguration CertificateSigningRequest DeviceClass ResourceSlice ServiceCIDR IPAddress
  KongClusterPlugin SelfSubjectAccessReview SelfSubjectReview SelfSubjectRulesReview SubjectAccessReview TokenReview`.split(
    /\s+/,
  ),
);

const noDefaultNamespace: ResourceRule = {
  scope: 'resource',
  name: 'no-default-namespace',
  item: 'authorisation/rbac',
  severity: 'medium',
  level: 'mandatory',
  description:
    'Nothing is put into the default namespace, where rights and network policies of nobody apply.',
  fix: 'set metadata.namespace to the namespace of the platform',
  matches: (resource) =>
    isKubernetes(resource) &&
    !clusterWide.has(resource.kind) &&
    !resource.kind.startsWith('Cluster') &&
    !resource.kind.endsWith('List') &&
    !isOpaque(resource),
  validate(resource, report) {
    const at = resource.props.at('metadata', 'namespace');
    const namespace = at.text ?? resource.providerNamespace;
    if (!namespace) report.violation(at, 'the namespace is not said, which means default');
    else if (namespace === 'default') report.violation(at, 'the default namespace is used');
  },
};

/** API versions that are gone or superseded outside the groups of Kubernetes itself, and what to write today. */
const superseded: Record<string, string> = {
  'networking.istio.io/v1alpha3': 'networking.istio.io/v1',
  'networking.istio.io/v1beta1': 'networking.istio.io/v1',
  'security.istio.io/v1beta1': 'security.istio.io/v1',
  'telemetry.istio.io/v1alpha1': 'telemetry.istio.io/v1',
  'kafka.strimzi.io/v1beta1': 'kafka.strimzi.io/v1',
  'kafka.strimzi.io/v1beta2': 'kafka.strimzi.io/v1',
  'external-secrets.io/v1alpha1': 'external-secrets.io/v1',
  'external-secrets.io/v1beta1': 'external-secrets.io/v1',
  'configuration.konghq.com/v1beta1': 'configuration.konghq.com/v1',
  'gateway.networking.k8s.io/v1beta1': 'gateway.networking.k8s.io/v1',
  'cert-manager.io/v1alpha2': 'cert-manager.io/v1',
  'extensions/v1beta1': 'the group that took the kind over (apps/v1, networking.k8s.io/v1 or policy/v1)',
};

/** Kinds that have no newer version although their group has. */
const stillCurrent = new Set([
  'networking.istio.io/v1alpha3:EnvoyFilter',
  'configuration.konghq.com/v1beta1:KongUpstreamPolicy',
  'configuration.konghq.com/v1beta1:KongConsumerGroup',
]);
const builtIn = /^(apps|autoscaling|batch|policy|[\w.]+\.k8s\.io)\/v\d+(alpha|beta)\d+$/;

const currentApiVersion: ResourceRule = {
  scope: 'resource',
  name: 'current-api-version',
  item: 'compliance/soc2',
  severity: 'medium',
  level: 'mandatory',
  description: 'Resources use stable API versions that today’s clusters serve.',
  fix: 'write the stable version (apps/v1, batch/v1, autoscaling/v2, policy/v1, networking.k8s.io/v1, networking.istio.io/v1, …)',
  matches: isKubernetes,
  validate(resource, report) {
    const at = resource.props.at('apiVersion');
    // Typed resources of the SDK may leave apiVersion to the provider; the type token has it.
    const version = at.text ?? resource.api;
    if (stillCurrent.has(`${version}:${resource.kind}`)) return;
    const now = superseded[version];
    if (now) report.violation(at, `${version} is superseded by ${now}`);
    else if (builtIn.test(version)) report.violation(at, `${version} is no stable version`);
  },
};

function isOpaque(resource: Resource): boolean {
  return ['helm.sh', 'yaml', 'kustomize'].includes(groupOf(resource));
}

const visibleWorkload: ResourceRule = {
  scope: 'resource',
  name: 'visible-workload',
  item: 'infrastructure/security-scans',
  severity: 'high',
  level: 'mandatory',
  description: 'Workloads are declared one by one, so that every rule sees them.',
  fix: 'declare the workload itself; for charts use kubernetes.helm.sh/v4.Chart, whose resources are judged one by one, or name the chart you have looked at in the setting charts',
  settings: {
    charts: {
      type: 'array',
      items: { type: 'string' },
      description: 'charts that somebody has looked at, each as <repository>/<chart>@<version>',
    },
  },
  matches: (resource) =>
    resource.type.startsWith('kubernetes:') &&
    ((groupOf(resource) === 'helm.sh' && resource.kind === 'Release') ||
      /^(Pod|PodTemplate|Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Job|CronJob)(List|Patch)$/.test(
        resource.kind,
      )),
  validate(resource, report, settings) {
    const chart = resource.kind === 'Release' ? chartOf(resource) : undefined;
    if (chart !== undefined && listSetting(settings, 'charts', []).includes(chart)) return;
    const which = chart === undefined ? '' : ` of ${chart}`;
    report.violation(resource.kind, `the content of a ${resource.kind}${which} cannot be judged`);
  },
};

/** `<repository>/<chart>@<version>`; undefined when one of them is left to chance. @throws UnknownValue */
function chartOf({ props }: Resource): string | undefined {
  const [repository, chart, version] = [
    props.at('repositoryOpts', 'repo').text,
    props.at('chart').text,
    props.at('version').text,
  ];
  return repository && chart && version ? `${repository}/${chart}@${version}` : undefined;
}

export const placementRules = [requiredLabels, noDefaultNamespace, currentApiVersion, visibleWorkload];
