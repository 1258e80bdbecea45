import fc from 'fast-check';
import {
  deleteWaves,
  dependsOn,
  differences,
  expand,
  type Goal,
  ignoring,
  parsePath,
  planStep,
  type Resource,
  setIn,
  sorted,
} from './plan';
import { type Properties, plain, same, secret, unknown } from './values';

const urn = (name: string) => `urn:pulumi:s::p::t:m:K::${name}`;
const goal = (inputs: Properties, more: Partial<Goal> = {}): Goal => ({
  ...{ urn: urn('a'), type: 't:m:K', name: 'a', custom: true, inputs },
  ...{ ignoreChanges: [], replaceOnChanges: [], aliases: [] },
  ...more,
});
const old = (inputs: Properties, more: Partial<Resource> = {}): Resource => ({
  ...{ urn: urn('a'), type: 't:m:K', custom: true, inputs },
  ...more,
});
const properties = () =>
  fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<Properties>;

describe('the plan of one resource', () => {
  it('is to create what is not there', () => expect(planStep(undefined, goal({})).op).toBe('create'));

  it('is nothing to do once the goal was reached, whatever the goal', () => {
    fc.assert(
      fc.property(properties(), (inputs) => {
        expect(planStep(old(inputs), goal(inputs)).op).toBe('same');
      }),
    );
  });

  it('names a change exactly when there is one', () => {
    fc.assert(
      fc.property(properties(), properties(), (before, after) => {
        expect(differences(before, after).length === 0).toBe(same(before, after));
      }),
    );
  });

  it('updates what changed, and replaces where the provider or the program says so', () => {
    const before = old({ spec: { a: 1, selector: { app: 'x' } } });
    const after = goal({ spec: { a: 2, selector: { app: 'x' } } });
    expect(planStep(before, after)).toMatchObject({
      op: 'update',
      changes: [{ path: 'spec.a', before: 1, after: 2 }],
    });
    expect(planStep(before, after, { replacing: ['spec.selector'], fixedName: true }).op).toBe('update');
    expect(planStep(before, after, { replacing: ['*'], fixedName: true })).toMatchObject({
      op: 'replace',
      deleteFirst: true,
    });
    expect(planStep(before, { ...after, replaceOnChanges: ['spec.a'] }).op).toBe('replace');
    expect(
      planStep(before, { ...after, replaceOnChanges: ['spec'], deleteBeforeReplace: false }).deleteFirst,
    ).toBe(false);
  });

  it('goes on with a resource that was not seen ready', () => {
    expect(planStep(old({ a: 1 }, { initErrors: ['not ready'] }), goal({ a: 1 })).op).toBe('update');
  });

  it('leaves ignored fields as they were, also within lists and secrets', () => {
    const before = { spec: { replicas: 7, containers: [{ image: 'a:1' }] }, data: secret({ key: 'x' }) };
    const after = { spec: { replicas: 2, containers: [{ image: 'a:2' }] }, data: secret({ key: 'y' }) };
    const ignored = ignoring(after, before, ['spec.replicas', 'spec.containers[*].image', 'data.key']);
    expect(plain(ignored)).toEqual(plain(before));
  });

  it('never shows a secret or an unknown in a difference', () => {
    const found = differences({ a: secret('old'), b: 1 }, { a: secret('new'), b: unknown });
    expect(found).toEqual([
      { path: 'a', kind: 'change', before: '[secret]', after: '[secret]' },
      { path: 'b', kind: 'change', before: 1, after: '[unknown]' },
    ]);
    expect(JSON.stringify(differences({ a: secret({ k: 'old' }) }, { a: secret({ k: 'new' }) }))).not.toMatch(
      /old|new/,
    );
  });
});

describe('paths', () => {
  it.each([
    ['spec.replicas', ['spec', 'replicas']],
    ['spec.containers[0].image', ['spec', 'containers', '0', 'image']],
    ['metadata.labels["app.kubernetes.io/name"]', ['metadata', 'labels', 'app.kubernetes.io/name']],
    ['spec.http[*].route', ['spec', 'http', '*', 'route']],
    ['*', ['*']],
  ])('%s are read', (text, parts) => expect(parsePath(text)).toEqual(parts));

  it('remove what they name and nothing else', () => {
    expect(setIn({ a: { b: 1, c: 2 } }, ['a', 'b'], undefined)).toEqual({ a: { c: 2 } });
    expect(setIn({ a: [{ b: 1 }] }, ['a', '0', 'b'], 5)).toEqual({ a: [{ b: 5 }] });
    expect(setIn({ a: 1 }, ['x', 'y'], undefined)).toEqual({ a: 1 });
  });

  it('with wildcards stand for every item', () => {
    expect(expand({ a: [{ b: 1 }, { b: 2 }] }, ['a', '*', 'b'])).toEqual([
      ['a', '0', 'b'],
      ['a', '1', 'b'],
    ]);
  });
});

/** Resources in which each depends on some of those before it, in any order. */
const graph = () =>
  fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 20 }).chain((links) => {
    const resources = links.map(
      (targets, index): Resource => ({
        ...old({}),
        urn: urn(String(index)),
        dependencies: targets.filter((target) => target < index).map((target) => urn(String(target))),
        parent: index > 0 ? urn(String((targets[0] ?? 0) % index)) : undefined,
      }),
    );
    return fc.shuffledSubarray(resources, { minLength: resources.length });
  });

describe('the order', () => {
  it('deletes everything once, and nothing before what depends on it', () => {
    fc.assert(
      fc.property(graph(), (resources) => {
        const gone = new Set<string>();
        for (const wave of deleteWaves(resources)) {
          for (const resource of wave) {
            const dependents = resources.filter((other) => dependsOn(other).has(resource.urn));
            expect(dependents.every((other) => gone.has(other.urn))).toBe(true);
          }
          for (const resource of wave) gone.add(resource.urn);
        }
        expect(gone.size).toBe(resources.length);
      }),
    );
  });

  it('stores dependencies before their dependents', () => {
    fc.assert(
      fc.property(graph(), (resources) => {
        const order = sorted(resources).map((resource) => resource.urn);
        expect(order.length).toBe(resources.length);
        for (const resource of resources) {
          for (const needed of dependsOn(resource)) {
            expect(order.indexOf(needed)).toBeLessThan(order.indexOf(resource.urn));
          }
        }
      }),
    );
  });

  it('comes to an end on a state whose dependencies run in a circle', () => {
    const [a, b] = [
      old({}, { dependencies: [urn('b')] }),
      old({}, { urn: urn('b'), dependencies: [urn('a')] }),
    ];
    expect(deleteWaves([a, b]).flat()).toHaveLength(2);
  });
});
