import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { incompatibilities, type JsonSchema } from './compatibility';

const text = { type: 'string' };
const whole = { type: 'integer' };
const object = (properties: Record<string, JsonSchema>, required = Object.keys(properties)) => ({
  ...{ type: 'object', properties, required },
});

describe('a change that readers can bear', () => {
  test.each<[string, JsonSchema, JsonSchema]>([
    ['none', object({ a: text }), object({ a: text })],
    ['a new field', object({ a: text }), object({ a: text, b: whole })],
    ['a new optional field', object({ a: text }), object({ a: text, b: whole }, ['a'])],
    ['a field that is always there now', object({ a: text }, []), object({ a: text })],
    ['fewer values', { type: 'string', enum: ['a', 'b'] }, { type: 'string', enum: ['a'] }],
    ['one value of a list', { enum: ['a', 'b'] }, { const: 'b' }],
    ['a list where any text could stand', text, { type: 'string', enum: ['a'] }],
    ['tighter limits', { ...whole, minimum: 0, maximum: 10 }, { ...whole, minimum: 1, maximum: 9 }],
    ['whole numbers only', { type: 'number' }, whole],
    ['never null any more', { anyOf: [text, { type: 'null' }] }, text],
    ['a form less', { anyOf: [text, whole] }, { anyOf: [whole] }],
    ['another description', { ...text, description: 'a' }, { ...text, description: 'b' }],
    ['keys in another order', object({ a: text, b: whole }), object({ b: whole, a: text }, ['b', 'a'])],
    [
      'a field that was optional, in a message without further fields',
      object({ a: text }, []),
      { ...object({}), additionalProperties: false },
    ],
  ])('%s', (_title, old, now) => {
    expect(incompatibilities(old, now)).toEqual([]);
  });
});

describe('a change that breaks readers is refused, with the place:', () => {
  test.each<[string, JsonSchema, JsonSchema, string]>([
    ['a field is gone', object({ a: text, b: text }, ['a']), object({ a: text }), 'data.b: is gone'],
    [
      'a field is not always there',
      object({ a: text }),
      object({ a: text }, []),
      'data.a: was always there, is no longer',
    ],
    ['another type', object({ a: text }), object({ a: whole }), 'data.a: was string, is integer'],
    ['fractions where whole numbers were', whole, { type: 'number' }, 'data: was integer, is number'],
    ['may be null', text, { anyOf: [text, { type: 'null' }] }, 'data: was string, is null'],
    ['may be null, the other way to say it', text, { type: ['string', 'null'] }, 'data: was string, is null'],
    ['a new value', { enum: ['a'] }, { enum: ['a', 'b'] }, 'data: may be "b" now'],
    [
      'any text where a list was',
      { type: 'string', enum: ['a'] },
      text,
      'data: may be something else than "a" now',
    ],
    ['a value of another type', text, { enum: ['a', 1] }, 'data: may be 1 now'],
    ['a wider limit', { ...whole, minimum: 1 }, { ...whole, minimum: 0 }, 'data: minimum was 1, is 0'],
    ['no limit', { ...text, maxLength: 9 }, text, 'data: maxLength was 9, is none'],
    [
      'another pattern',
      { ...text, pattern: '^a' },
      { ...text, pattern: '^b' },
      'data: pattern was "^a", is "^b"',
    ],
    [
      'a value beyond a limit',
      { ...text, maxLength: 2 },
      { enum: ['abc'] },
      'data: a value of the list breaks a limit it had',
    ],
    [
      'in a list',
      { type: 'array', items: text },
      { type: 'array', items: whole },
      'data[]: was string, is integer',
    ],
    [
      'in a map',
      { type: 'object', additionalProperties: text },
      { type: 'object', additionalProperties: whole },
      'data.*: was string, is integer',
    ],
    [
      'deep inside',
      object({ a: object({ b: text }) }),
      object({ a: object({}) }),
      'data.a.b: was always there, is no longer',
    ],
    [
      'a form more',
      { anyOf: [text, whole] },
      { anyOf: [text, { type: 'boolean' }] },
      'data: fits none of the forms it had',
    ],
    [
      'further fields where there were none',
      { ...object({ a: text }), additionalProperties: false },
      object({ a: text }),
      'data.*: is allowed now',
    ],
    [
      'a keyword nobody here understands',
      { ...whole, multipleOf: 5 },
      whole,
      'data: multipleOf was 5, is none',
    ],
  ])('%s', (_title, old, now, reason) => {
    expect(incompatibilities(old, now)).toContain(reason);
  });
});

/** Schemas as zod makes them, small enough that two of them are often alike. */
const schemas = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const limited = (type: string, low: string, high: string) =>
    fc
      .record({
        low: fc.option(fc.nat(3), { nil: undefined }),
        high: fc.option(fc.integer({ min: 3, max: 6 }), { nil: undefined }),
      })
      .map(({ low: from, high: to }) => ({
        ...{ type },
        ...(from !== undefined && { [low]: from }),
        ...(to !== undefined && { [high]: to }),
      }));
  const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { maxKeys: 3 });
  const objects = fc
    .tuple(
      fields,
      fc.subarray(['a', 'b', 'c']),
      fc.constantFrom<JsonSchema | undefined>(undefined, false, { type: 'string' }),
    )
    .map(([properties, required, rest]) => ({
      ...{ type: 'object', properties, required: required.filter((name) => name in properties) },
      ...(rest !== undefined && { additionalProperties: rest }),
    }));
  return {
    schema: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      limited('string', 'minLength', 'maxLength'),
      limited('integer', 'minimum', 'maximum'),
      limited('number', 'minimum', 'exclusiveMaximum'),
      fc.constantFrom({ type: 'boolean' }, { type: 'null' }, {}, { type: ['string', 'null'] }),
      fc.subarray(['x', 'yy', 3, null], { minLength: 1 }).map((values) => ({ enum: values })),
      objects,
      limited('array', 'minItems', 'maxItems').chain((array) =>
        tie('schema').map((items) => ({ ...array, items })),
      ),
      fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((anyOf) => ({ anyOf })),
    ),
  };
}).schema;

const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.constantFrom('', 'x', 'yy', 'zzzz', null, true, 0, 1, 2.5, 3, 5, -1),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const ajv = new Ajv2020({ strict: false });

describe('whatever the schemas are', () => {
  test('none is incompatible with itself', () => {
    fc.assert(
      fc.property(schemas, (schema) =>
        expect(incompatibilities(schema, structuredClone(schema))).toEqual([]),
      ),
    );
  });

  test('if the change is accepted, every value of the new schema fits the old one', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        schemas,
        schemas,
        fc.array(values, { minLength: 30, maxLength: 60 }),
        (old, now, candidates) => {
          if (incompatibilities(old, now).length > 0) return;
          const fitsNow = ajv.compile(now);
          const fitsOld = ajv.compile(old);
          for (const value of candidates) {
            if (!fitsNow(value)) continue;
            accepted++;
            if (!fitsOld(value)) throw new Error(`${JSON.stringify(value)} fits no longer`);
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('a field more is always accepted, a field less never', () => {
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), schemas, { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(fields, schemas, (properties, added) => {
        const old = object(properties);
        expect(incompatibilities(old, object({ ...properties, added }))).toEqual([]);
        const [gone, ...left] = Object.keys(properties);
        const fewer = object(Object.fromEntries(left.map((name) => [name, properties[name] as JsonSchema])));
        expect(incompatibilities(old, fewer)).toContain(`data.${gone}: was always there, is no longer`);
      }),
    );
  });
});
