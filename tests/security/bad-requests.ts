// Requests that are wrong, or only odd, made from what an operation's OpenAPI document says it takes.
import fc from 'fast-check';
import type { Operation } from './apps';

export interface BadRequest {
  /** With its query. */
  target: string;
  headers: Record<string, string>;
  body?: Buffer;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minLength?: number;
  minimum?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const oddTexts = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    "' or 1=1 --",
    '../../etc/passwd',
    '{{7*7}}',
    '%',
    '_',
    '\\',
    '\u202e',
    '💥',
  ],
  ...['NaN', '-1', '0', '1e309', '99999999999999999999', '2026-02-30T25:61:61Z', 'null', 'x'.repeat(5000)],
  ...[
    'prd-00001',
    'prd-99999999999999',
    '00000000-0000-4000-8000-000000000001',
    '{00000000-0000-4000-8000-000000000001}',
  ],
  // Cursors: text that decodes to JSON, to bytes that are none, and to a null byte.
  ...['eyJpZCI6MX0', 'bnVsbA', '_____w', 'AA', 'W10'],
  '\ud800',
];
const oddText = fc.oneof(fc.constantFrom(...oddTexts), fc.string(), fc.string({ unit: 'binary' }));
const oddNumber = fc.constantFrom(-1, 0, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 63, -0);
const oddJson: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(null, true, false, [], {}, [null], { toString: null, constructor: 1 }, [
    [[[[[]]]]],
  ]),
  oddText,
  oddNumber,
  fc.jsonValue() as fc.Arbitrary<Json>,
);

/** A value that a schema takes, or nearly: patterns are not looked at. */
const fitting = (schema: Schema, depth = 0): Json => {
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (schema.const !== undefined) return schema.const as Json;
  if (schema.enum) return schema.enum[0] as Json;
  if (first) return fitting(first, depth);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object' && depth < 6) {
    const members = Object.entries(schema.properties ?? {});
    return Object.fromEntries(members.map(([name, one]) => [name, fitting(one, depth + 1)]));
  }
  if (type === 'array') return schema.items ? [fitting(schema.items, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (schema.format === 'uuid') return '00000000-0000-4000-8000-000000000001';
  if (schema.format === 'email') return 'nobody@example.org';
  if (schema.format === 'date-time') return '2026-01-01T10:00:00Z';
  if (schema.format === 'uri') return 'https://example.org/';
  return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
};

const placesIn = (value: Json, at: (string | number)[] = []): (string | number)[][] => {
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value ?? {});
  const inside = typeof value === 'object' ? members : [];
  return [at, ...inside.flatMap(([name, one]) => placesIn(one as Json, [...at, name]))];
};

const changedAt = (value: Json, [name, ...rest]: (string | number)[], change: (old: Json) => Json): Json => {
  if (name === undefined) return change(value);
  const copy = structuredClone(value) as Record<string | number, Json>;
  copy[name] = changedAt(copy[name] as Json, rest, change);
  return copy as Json;
};

/** One thing wrong in what would fit: another value, a member missing, one too many. */
const nearly = (good: Json): fc.Arbitrary<Json> =>
  fc
    .tuple(fc.constantFrom(...placesIn(good)), oddJson, fc.constantFrom('value', 'missing', 'more'), oddText)
    .map(([place, odd, how, name]) =>
      changedAt(good, place, (old) => {
        if (how === 'value' || typeof old !== 'object' || old === null || Array.isArray(old)) return odd;
        const members = Object.entries(old);
        return Object.fromEntries(how === 'missing' ? members.slice(1) : [...members, [name, odd]]);
      }),
    );

/** What is no JSON, or only just. */
const brokenBytes = (text: string): Buffer[] => [
  Buffer.from(text.slice(0, -1)),
  Buffer.concat([
    Buffer.from(text.slice(0, -1)),
    Buffer.from([0xff, 0xfe, 0xc0]),
    Buffer.from(text.slice(-1)),
  ]),
  Buffer.from(`{"__proto__":{"admin":true},"a":${'['.repeat(5000)}${']'.repeat(5000)}}`),
  Buffer.from(text.replace(/"[^"]*"$|\d+/, '1e400')),
  Buffer.from(JSON.stringify({ a: 'x'.repeat(150_000) })),
  Buffer.from([0, 1, 2, 3]),
  Buffer.alloc(0),
  Buffer.from('\ufeff{}'),
];

const bodyOf = (schema: Schema): fc.Arbitrary<Buffer> => {
  const good = fitting(schema);
  const asBytes = (value: Json) => Buffer.from(JSON.stringify(value));
  return fc.oneof(
    { weight: 5, arbitrary: nearly(good).map(asBytes) },
    { weight: 1, arbitrary: fc.constant(asBytes(good)) },
    { weight: 1, arbitrary: oddJson.map(asBytes) },
    { weight: 2, arbitrary: fc.constantFrom(...brokenBytes(JSON.stringify(good))) },
  );
};

const formOf = (schema: Schema): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...Object.keys(schema.properties ?? { a: 1 })),
      fc.array(
        fc.tuple(fc.constantFrom(...Object.keys(schema.properties ?? { a: 1 }), '__proto__', ''), oddText),
      ),
    )
    .map(([twice, members]) =>
      Buffer.from(
        [...members, [twice, 'a'], [twice, 'b']].map((pair) => pair.map(encoded).join('=')).join('&'),
      ),
    );

/** Half a surrogate pair cannot be encoded: as bytes that are no UTF-8 then. */
const encoded = (text: string): string => {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
};
const inPath = fc.oneof(
  fc.constantFrom('%00', '%ff', '%', '%2e%2e%2f', '%F0%9F%92%A5'),
  oddText.map((text) => encoded(text) || '%20'),
);
const headerValue = fc.oneof(
  fc.constantFrom('', '*', '"1"', 'W/"x"', '"', '-1', '1, 2', 'null', '\u00e9\u00ff', 'x'.repeat(4000)),
  fc.constantFrom('99999999999999999999', '00000000-0000-4000-8000-000000000001', '"99999999999999999999"'),
  fc.string().map((text) => text.trim()),
);
const contentType = fc.constantFrom(
  ...[
    'application/json',
    'application/json; charset=utf-16',
    'application/json; charset=nonsense',
    'text/plain',
  ],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json;;;', '', 'x'],
);

/** Mostly one thing odd at a time: what is refused for one is not looked into for the others. */
export const badRequests = (
  { path, document }: Operation,
  bearer: string | undefined,
): fc.Arbitrary<BadRequest> => {
  const named = (where: string) =>
    (document.parameters ?? []).filter((one) => one.in === where).map(({ name }) => name);
  const [type = 'application/json', content] = Object.entries(document.requestBody?.content ?? {})[0] ?? [];
  const body = !content
    ? fc.option(fc.constant(Buffer.from('{"a":1}')), { nil: undefined, freq: 4 })
    : type === 'application/json'
      ? bodyOf(content.schema)
      : formOf(content.schema);
  const headerNames = [...named('header'), 'idempotency-key', 'if-match', 'content-encoding', 'accept'];
  const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
  return fc
    .record({
      places: fc.array(inPath, { minLength: 4, maxLength: 4 }),
      oddPath: fc.boolean(),
      query: fc.array(
        fc.tuple(fc.constantFrom(...named('query'), 'limit', 'cursor', '__proto__', 'q[a]'), oddText),
        { maxLength: 2 },
      ),
      odd: fc.array(fc.tuple(fc.constantFrom(...headerNames), headerValue), { maxLength: 1 }),
      key: fc.uuid(),
      contentType: seldom(contentType),
      body,
    })
    .map(({ places, oddPath, query, odd, key, contentType: otherType, body: bytes }) => {
      let place = 0;
      const filled = path.replace(/\{\w+\}/g, () =>
        oddPath ? (places[place++] as string) : '00000000-0000-4000-8000-000000000001',
      );
      const search = query.map((pair) => pair.map(encoded).join('=')).join('&');
      return {
        target: filled + (search && `?${search}`),
        headers: {
          ...(bearer && { authorization: `Bearer ${bearer}` }),
          ...(bytes && { 'content-type': otherType ?? type }),
          ...Object.fromEntries(named('header').map((name) => [name, key])),
          ...Object.fromEntries(odd.filter(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value))),
        },
        body: bytes,
      };
    });
};
