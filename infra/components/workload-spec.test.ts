import { deploymentSpec, fieldsOfOthers, type WorkloadArgs } from './workload-spec';

const args: WorkloadArgs = {
  namespace: 'ns',
  app: 'product-service',
  colour: 'blue',
  version: 'v1',
  image: 'localhost/x/product-service:0123456789abcdef',
  port: 3001,
  replicas: 5,
  resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
  liveness: { path: '/health', initialDelaySeconds: 30, periodSeconds: 10 },
  readiness: { path: '/ready', initialDelaySeconds: 5, periodSeconds: 5 },
  env: [],
  mounts: [],
  migrate: true,
  serviceAccountName: 'product-service',
  spread: true,
};

// biome-ignore lint/suspicious/noExplicitAny: Pulumi's inputs may be promises; here they are plain
const podOf = (more: Partial<WorkloadArgs> = {}): any => deploymentSpec({ ...args, ...more }).template as any;

test('selects by app and colour, never by version: versions change, selectors cannot', () => {
  expect(deploymentSpec(args).selector).toEqual({ matchLabels: { app: 'product-service', colour: 'blue' } });
  expect(podOf().metadata.labels).toMatchObject({ app: 'product-service', colour: 'blue', version: 'v1' });
});

test('passes restricted pod security in every container', () => {
  const { spec } = podOf();
  expect(spec.securityContext).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(spec.automountServiceAccountToken).toBe(false);
  for (const container of [...spec.containers, ...spec.initContainers]) {
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});

test('waits before it stops without needing a shell, and leaves time to drain', () => {
  const { spec } = podOf();
  expect(spec.containers[0].lifecycle.preStop).toEqual({ sleep: { seconds: 5 } });
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(5 + 25);
});

test('migrates first, with the environment of the service', () => {
  const env = [{ name: 'A', value: 'b' }];
  const { spec } = podOf({ env });
  expect(spec.initContainers).toEqual([
    expect.objectContaining({ name: 'migrate', args: ['migrate'], env: spec.containers[0].env }),
  ]);
  expect(podOf({ migrate: false }).spec.initContainers).toEqual([]);
});

test('the process learns its version from the label, so the label’s owner decides', () => {
  expect(podOf().spec.containers[0].env).toContainEqual({
    name: 'SERVICE_VERSION',
    valueFrom: { fieldRef: { fieldPath: "metadata.labels['version']" } },
  });
});

test('spreads only where there is something to spread over', () => {
  expect(podOf().spec).toHaveProperty('topologySpreadConstraints');
  expect(podOf().spec.affinity).toHaveProperty('podAntiAffinity');
  expect(podOf({ spread: false }).spec).not.toHaveProperty('affinity');
});

test('a colour that is not live has no pods', () => {
  expect(deploymentSpec({ ...args, replicas: 0 }).replicas).toBe(0);
});

test.each([-1, 1001])('refuses %i replicas', (replicas) => {
  expect(() => deploymentSpec({ ...args, replicas })).toThrow(/product-service-blue replicas is/);
});

describe('fields of others', () => {
  test('replicas belong to the autoscaler from the first day', () => {
    expect(fieldsOfOthers({ migrate: true })).toEqual(['spec.replicas']);
  });

  test('image and version label belong to the release tool where it is in charge', () => {
    expect(fieldsOfOthers({ migrate: true, releaseManaged: true })).toEqual([
      'spec.replicas',
      'metadata.labels.version',
      'spec.template.metadata.labels.version',
      'spec.template.spec.containers[0].image',
      'spec.template.spec.initContainers[0].image',
    ]);
    expect(fieldsOfOthers({ migrate: false, releaseManaged: true })).not.toContain(
      'spec.template.spec.initContainers[0].image',
    );
  });
});
