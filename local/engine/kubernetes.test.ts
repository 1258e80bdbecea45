import type { KubeObject } from './cluster';
import { KubernetesProvider } from './kubernetes';
import { desired, fieldManager, holds, isOurs, isTouched, yieldIgnored } from './objects';
import type { Goal } from './plan';
import { secret } from './values';

const live = (owner: string): KubeObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: {
    ...{ name: 'web', namespace: 'shop', resourceVersion: '42' },
    managedFields: [
      {
        manager: owner,
        operation: owner === fieldManager ? 'Apply' : 'Update',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
    ],
  },
  spec: { replicas: 7, template: { spec: { containers: [{ name: 'main', image: 'web:2' }] } } },
});
const body = (): KubeObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } },
  spec: { replicas: 2, template: { spec: { containers: [{ name: 'main', image: 'web:1' }] } } },
});

describe('a field the program ignores', () => {
  it('is left out when another manager owns it', () => {
    const result = yieldIgnored(body(), live('autoscaler'), ['spec.replicas']);
    expect(result.spec).not.toHaveProperty('replicas');
    expect(result.metadata.resourceVersion).toBeUndefined();
  });

  it('keeps its live value, guarded by the version, while it is still ours', () => {
    const result = yieldIgnored(body(), live(fieldManager), ['spec.replicas']);
    expect(result.spec.replicas).toBe(7);
    expect(result.metadata.resourceVersion).toBe('42');
  });

  it('within a list keeps its live value, because a list cannot be applied with holes', () => {
    const result = yieldIgnored(body(), live('release'), ['spec.template.spec.containers[0].image']);
    expect(result.spec.template.spec.containers[0].image).toBe('web:2');
    expect(result.spec.replicas).toBe(2);
  });

  it('is ours when a field above it is owned as a whole', () => {
    const object = live(fieldManager);
    expect(isOurs(object, ['spec', 'replicas', 'deeper'])).toBe(true);
    expect(isOurs(object, ['spec', 'other'])).toBe(false);
  });
});

describe('what a preview need not ask the server about', () => {
  const whole = { replicas: 2, ports: [{ port: 80, protocol: 'TCP' }], selector: {}, type: 'ClusterIP' };

  it.each([
    ['fields with these very values', { replicas: 2, ports: [{ port: 80 }] }],
    ['an empty list that the server does not keep', { ingress: [], ports: [{ port: 80 }] }],
    ['an empty object', { selector: {} }],
  ])('%s', (_, part) => {
    expect(holds(whole, part)).toBe(true);
  });

  it.each([
    ['another value', { replicas: 3 }],
    ['the same amount in another notation', { replicas: '2' }],
    ['a field that is not there', { name: 'web' }],
    ['an empty object that is not there: it may select everything', { podSelector: {} }],
    ['a list with one item less', { ports: [] }],
    ['a list with one item more', { ports: [{ port: 80 }, { port: 81 }] }],
    ['a list in place of an object', { selector: [] }],
  ])('not %s', (_, part) => {
    expect(holds(whole, part)).toBe(false);
  });
});

describe('what somebody else set', () => {
  const managed = (...managedFields: KubeObject['metadata']['managedFields'] & object) => ({
    ...live(fieldManager),
    metadata: { name: 'web', managedFields },
  });
  const by = (manager: string, fields: object, subresource?: string) => ({
    ...{ manager, operation: 'Update', fieldsV1: fields },
    ...(subresource ? { subresource } : {}),
  });

  it.each([
    ['a field of the spec', managed(by('kubectl-patch', { 'f:spec': {} })), true],
    ['only metadata', managed(by('kubectl', { 'f:metadata': {} })), false],
    ['only the status', managed(by('controller', { 'f:status': {} }, 'status')), false],
    ['nothing', managed(by(fieldManager, { 'f:spec': {} })), false],
  ])('%s', (_, object, touched) => {
    expect(isTouched(object)).toBe(touched);
  });
});

describe('an object', () => {
  const goal = (inputs: Goal['inputs'], type = 'kubernetes:core/v1:ConfigMap'): Goal => ({
    ...{ urn: 'urn:pulumi:s::p::t::web', type, name: 'web', custom: true, inputs },
    ...{ ignoreChanges: [], replaceOnChanges: [], aliases: [] },
  });
  const provider = new KubernetesProvider(undefined);

  it('without a name gets one that it keeps', () => {
    const first = provider.check(goal({}), undefined);
    expect(first.metadata).toMatchObject({ name: expect.stringMatching(/^web-[0-9a-f]{8}$/) });
    expect(provider.check(goal({}), { ...goal({}), inputs: first })).toEqual(first);
    expect(first).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('sends secret text as data, so that a key taken out really goes', () => {
    const sent = desired({ kind: 'Secret', stringData: secret({ a: 'x' }), data: secret({ b: 'eA==' }) });
    expect(sent).toEqual({ kind: 'Secret', data: { a: 'eA==', b: 'eA==' } });
  });

  it('is replaced, old one first, when its data or its name changes', () => {
    const old = { ...goal({ kind: 'ConfigMap', metadata: { name: 'a' } }) };
    expect(provider.limits(goal({ kind: 'ConfigMap', metadata: { name: 'a' } }), old)).toMatchObject({
      fixedName: true,
    });
    expect(provider.limits(goal({ kind: 'ConfigMap', metadata: { name: 'b' } }), old)).toMatchObject({
      fixedName: false,
    });
    expect(provider.limits(goal({ kind: 'ConfigMap' }), old).replacing).toEqual(
      expect.arrayContaining(['data', 'metadata.name']),
    );
  });

  it.each([
    'kubernetes:helm.sh/v3:Release',
    'kubernetes:apps/v1:DeploymentPatch',
    'kubernetes:yaml:ConfigFile',
  ])('of type %s is refused with a way out', (type) => {
    expect(() => provider.check(goal({}, type), undefined)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Pulumi CLI') }),
    );
  });
});
