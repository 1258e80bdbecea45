/** What zod makes of a schema (JSON Schema 2020-12). */
export type JsonSchema = boolean | { [keyword: string]: unknown };
type Keywords = Record<string, unknown>;

/** Say something to people, nothing about values. */
const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  'id',
  'title',
  'description',
  'examples',
  'example',
  'default',
  'deprecated',
  'format',
]);

/** Checked by name below; whatever else the old schema says must stand in the new one unchanged. */
const UNDERSTOOD = new Set([
  ...[
    'type',
    'enum',
    'const',
    'anyOf',
    'oneOf',
    'properties',
    'required',
    'additionalProperties',
    'propertyNames',
    'items',
  ],
  ...[
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
  ],
]);

/**
 * Why whoever reads messages of the schema `old` could not read every message of the schema `now`; nothing when they can.
 * So a field that was always there stays, with its type and within its limits; fields may be added, and what is allowed may
 * become less. In doubt it refuses. Pure.
 */
export function incompatibilities(old: JsonSchema, now: JsonSchema, path = 'data'): string[] {
  if (old === true || now === false || same(old, now)) return [];
  if (old === false) return [`${path}: is allowed now`];
  if (now === true) return incompatibilities(old, {}, path);
  // A message has one of the new forms, so each must be readable; a reader knows the old forms, so one of them must do.
  const possible = alternatives(now);
  if (possible) {
    const whole = possible.forms.map((form) =>
      typeof form === 'object' ? { ...possible.rest, ...form } : form,
    );
    return whole.flatMap((form) => incompatibilities(old, form, path));
  }
  const known = alternatives(old);
  if (known) {
    const fits = known.forms.some((form) => incompatibilities(form, now, path).length === 0);
    return [
      ...incompatibilities(known.rest, now, path),
      ...(fits ? [] : [`${path}: fits none of the forms it had`]),
    ];
  }
  return [...valueReasons(old, now, path), ...limitReasons(old, now, path), ...partReasons(old, now, path)];
}

function valueReasons(old: Keywords, now: Keywords, path: string): string[] {
  const allowed = valuesOf(old);
  const possible = valuesOf(now);
  if (possible) {
    if (!allowed) {
      const odd = possible.filter((value) => !hasType(value, old.type));
      return odd.map((value) => `${path}: may be ${JSON.stringify(value)} now`);
    }
    const added = possible.filter((value) => !allowed.some((one) => same(one, value)));
    return added.map((value) => `${path}: may be ${JSON.stringify(value)} now`);
  }
  if (allowed)
    return [
      `${path}: may be something else than ${allowed.map((one) => JSON.stringify(one)).join(', ')} now`,
    ];
  if (old.type === undefined || old.type === now.type) return [];
  if (old.type === 'number' && now.type === 'integer') return [];
  return [`${path}: was ${old.type}, is ${now.type ?? 'anything'}`];
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];

function limitReasons(old: Keywords, now: Keywords, path: string): string[] {
  const values = valuesOf(now);
  if (values)
    return values.some((value) => breaksLimit(value, old))
      ? [`${path}: a value of the list breaks a limit it had`]
      : [];
  const wider = (keyword: string, keeps: (was: number, is: number) => boolean) => {
    const was = old[keyword];
    const is = now[keyword];
    if (was === undefined || (typeof is === 'number' && keeps(Number(was), is))) return [];
    return [`${path}: ${keyword} was ${was}, is ${is ?? 'none'}`];
  };
  const others = Object.keys(old).filter((keyword) => !UNDERSTOOD.has(keyword) && !ANNOTATIONS.has(keyword));
  return [
    ...LOWER.flatMap((keyword) => wider(keyword, (was, is) => is >= was)),
    ...UPPER.flatMap((keyword) => wider(keyword, (was, is) => is <= was)),
    ...others
      .filter((keyword) => !same(old[keyword], now[keyword]))
      .map(
        (keyword) =>
          `${path}: ${keyword} was ${JSON.stringify(old[keyword])}, is ${JSON.stringify(now[keyword]) ?? 'none'}`,
      ),
  ];
}

function partReasons(old: Keywords, now: Keywords, path: string): string[] {
  if (valuesOf(now)) return [];
  const [had, has] = [propertiesOf(old), propertiesOf(now)];
  const [was, is] = [requiredIn(old), requiredIn(now)];
  const closed = now.additionalProperties === false;
  const reasons: string[] = [];
  for (const [name, schema] of Object.entries(had)) {
    const at = `${path}.${name}`;
    const successor = Object.hasOwn(has, name) ? has[name] : undefined;
    if (was.has(name) && !is.has(name)) reasons.push(`${at}: was always there, is no longer`);
    else if (successor === undefined && !(closed && !was.has(name))) reasons.push(`${at}: is gone`);
    if (successor !== undefined) reasons.push(...incompatibilities(schema, successor, at));
  }
  for (const name of was)
    if (!Object.hasOwn(had, name) && !is.has(name))
      reasons.push(`${path}.${name}: was always there, is no longer`);
  // Where the old schema says something about fields it does not name, the new ones must keep to it.
  const rest = old.additionalProperties as JsonSchema | undefined;
  if (rest !== undefined && rest !== true) {
    for (const [name, schema] of Object.entries(has))
      if (!Object.hasOwn(had, name)) reasons.push(...incompatibilities(rest, schema, `${path}.${name}`));
    reasons.push(
      ...incompatibilities(rest, (now.additionalProperties as JsonSchema | undefined) ?? true, `${path}.*`),
    );
  }
  for (const keyword of ['items', 'propertyNames'])
    if (old[keyword] !== undefined)
      reasons.push(
        ...incompatibilities(
          old[keyword] as JsonSchema,
          (now[keyword] as JsonSchema | undefined) ?? true,
          `${path}${keyword === 'items' ? '[]' : ' (names)'}`,
        ),
      );
  return reasons;
}

/** The forms a value can have, and what holds for all of them. Forms of a `oneOf` are taken to exclude each other. */
function alternatives(schema: Keywords): { rest: Keywords; forms: JsonSchema[] } | undefined {
  for (const keyword of ['anyOf', 'oneOf']) {
    const { [keyword]: forms, ...rest } = schema;
    if (Array.isArray(forms)) return { rest, forms };
  }
  const { type, ...rest } = schema;
  return Array.isArray(type) ? { rest, forms: type.map((one) => ({ type: one })) } : undefined;
}

const valuesOf = (schema: Keywords): unknown[] | undefined =>
  'const' in schema ? [schema.const] : (schema.enum as unknown[] | undefined);

const propertiesOf = (schema: Keywords) => (schema.properties ?? {}) as Record<string, JsonSchema>;
const requiredIn = (schema: Keywords) => new Set((schema.required ?? []) as string[]);

function hasType(value: unknown, type: unknown): boolean {
  if (type === undefined) return true;
  if (value === null) return type === 'null';
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** Of a value that stands in a list: such lists hold texts and numbers. */
function breaksLimit(value: unknown, limits: Keywords): boolean {
  const number = (keyword: string, fallback: number) => Number(limits[keyword] ?? fallback);
  if (typeof value === 'string') {
    const length = [...value].length;
    return (
      length < number('minLength', 0) ||
      length > number('maxLength', Infinity) ||
      (typeof limits.pattern === 'string' && !new RegExp(limits.pattern, 'u').test(value))
    );
  }
  if (typeof value === 'number') {
    return (
      value < number('minimum', -Infinity) ||
      value > number('maximum', Infinity) ||
      value <= number('exclusiveMinimum', -Infinity) ||
      value >= number('exclusiveMaximum', Infinity) ||
      limits.multipleOf !== undefined
    );
  }
  return typeof value === 'object' && value !== null;
}

/** Whether two JSON values are the same; the order of keys says nothing. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same((a as Keywords)[key], (b as Keywords)[key]))
  );
}
