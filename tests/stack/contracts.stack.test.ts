import { contractsOf, itWithContracts, validatorsOf, violations } from './contracts';

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: example.com
  names: { kind: Kite }
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [colour]
              properties:
                colour: { type: string, enum: [red, blue] }
                tails: { type: array, items: { type: object, properties: { metres: { type: integer } } } }
                labels: { type: object, additionalProperties: { type: string } }
                free: { type: object, x-kubernetes-preserve-unknown-fields: true }
                length: { x-kubernetes-int-or-string: true, anyOf: [{ type: integer }, { type: string }] }
`;

describe('an object against its definition', () => {
  const judged = (spec: object) =>
    violations(validatorsOf(definition), [
      { apiVersion: 'example.com/v1', kind: 'Kite', metadata: { name: 'one' }, spec } as never,
    ]);

  it('passes with what the definition names', () => {
    const free = { anything: { at: ['all'] } };
    expect(judged({ colour: 'red', tails: [{ metres: 3 }], labels: { a: 'b' }, free, length: '3m' })).toEqual(
      [],
    );
  });

  it.each([
    ['a misspelt field', { color: 'red', colour: 'red' }, 'Kite one: /spec: .*\\(color\\)'],
    [
      'a misspelt field in a list',
      { colour: 'red', tails: [{ meters: 1 }] },
      '/spec/tails/0: .*\\(meters\\)',
    ],
    ['a missing field', {}, '/spec: .*colour'],
    ['a value that is none of those allowed', { colour: 'green' }, '/spec/colour: '],
    ['text for a number', { colour: 'red', tails: [{ metres: '1' }] }, '/spec/tails/0/metres: '],
  ])('fails with %s', (_title, spec, message) => {
    expect(judged(spec).join('\n')).toMatch(new RegExp(message));
  });

  it('fails without a definition', () => {
    const stranger = { apiVersion: 'example.com/v2', kind: 'Kite', metadata: { name: 'two' } };
    expect(violations(validatorsOf(definition), [stranger])).toEqual([
      'Kite two: there is no definition of its kind',
    ]);
  });
});

itWithContracts('strimzi')('reads published definitions', () => {
  expect([...contractsOf('strimzi').keys()].sort()).toEqual(
    ['Kafka', 'KafkaNodePool', 'KafkaTopic', 'KafkaUser'].map((kind) => `kafka.strimzi.io/v1/${kind}`),
  );
});
