import { hasUnknown, isObject, isSecret, type Properties, same, secret, shown, type Value } from './values';

export type Op = 'same' | 'create' | 'update' | 'replace' | 'delete';

/** One resource in Pulumi's deployment (version 3) JSON; only the fields this engine uses. */
export interface Resource {
  urn: string;
  custom: boolean;
  type: string;
  id?: string;
  inputs?: Properties;
  outputs?: Properties;
  parent?: string;
  provider?: string;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  protect?: boolean;
  retainOnDelete?: boolean;
  additionalSecretOutputs?: string[];
  initErrors?: string[];
  customTimeouts?: { create?: number; update?: number; delete?: number };
  /** A replaced resource that still has to be deleted. */
  delete?: boolean;
  created?: string;
  modified?: string;
}

/** What the program wants of one resource. */
export interface Goal
  extends Omit<Resource, 'id' | 'outputs' | 'initErrors' | 'delete' | 'created' | 'modified'> {
  name: string;
  inputs: Properties;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  deleteBeforeReplace?: boolean;
  aliases: string[];
}

/** One difference, for people. Values have their secrets and unknowns blotted out. */
export interface Change {
  path: string;
  kind: 'add' | 'change' | 'remove';
  before?: Value;
  after?: Value;
}

export interface Plan {
  op: Exclude<Op, 'delete'>;
  changes: Change[];
  deleteFirst: boolean;
}

export const isProvider = (type: string) => type.startsWith('pulumi:providers:');
/** The last part of a URN: what the program calls the resource. */
export const nameOf = (urn: string) => urn.split('::').slice(3).join('::');

/** `spec.containers[0].env["a.b"]` → spec, containers, 0, env, a.b; `*` and `[*]` stand for any. */
export const parsePath = (path: string): string[] =>
  [...path.matchAll(/\[\s*(?:"((?:[^"\\]|\\.)*)"|(\*|\d+))\s*\]|([^.[\]]+)/g)].map(
    (part) => part[1]?.replace(/\\(.)/g, '$1') ?? part[2] ?? part[3] ?? '',
  );

const joinPath = (path: string, key: string) =>
  /^[\w$/-]+$/.test(key) ? (path ? `${path}.${key}` : key) : `${path}["${key}"]`;

const matches = (changed: string[], trigger: string[]) =>
  trigger.every((part, index) => part === '*' || index >= changed.length || part === changed[index]);

export const touches = (changes: Change[], paths: string[]): boolean =>
  changes.some((change) => paths.some((path) => matches(parsePath(change.path), parsePath(path))));

/** The paths that exist in `value` for a path with wildcards. */
export const expand = (value: Value | undefined, path: string[]): string[][] => {
  if (isSecret(value)) return expand(value.value as Value, path);
  const [head, ...rest] = path;
  if (head === undefined) return [[]];
  const keys = head !== '*' ? [head] : typeof value === 'object' && value ? Object.keys(value) : [];
  const child = (key: string) =>
    Array.isArray(value) ? value[Number(key)] : isObject(value) ? value[key] : undefined;
  return keys.flatMap((key) => expand(child(key), rest).map((tail) => [key, ...tail]));
};

export const getIn = (value: Value | undefined, path: string[]): Value | undefined => {
  if (isSecret(value)) return getIn(value.value as Value, path);
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(value)) return getIn(value[Number(head)], rest);
  return isObject(value) ? getIn(value[head], rest) : undefined;
};

/** A copy with the value at the path replaced, or removed when undefined. Never adds list items. */
export const setIn = (
  value: Value | undefined,
  path: string[],
  next: Value | undefined,
): Value | undefined => {
  if (isSecret(value)) {
    const inner = setIn(value.value as Value, path, next);
    return inner === undefined ? undefined : secret(inner);
  }
  const [head, ...rest] = path;
  if (head === undefined) return next;
  if (Array.isArray(value)) {
    return value.map((item, index) => (String(index) === head ? (setIn(item, rest, next) ?? item) : item));
  }
  if (value !== undefined && !isObject(value)) return value;
  const child = setIn(value?.[head], rest, next);
  const { [head]: _dropped, ...others } = value ?? {};
  if (child !== undefined) return { ...others, [head]: child };
  return value === undefined ? undefined : others;
};

/** The program's inputs with everything it does not own taken from the last known inputs. */
export const ignoring = (inputs: Properties, old: Properties, paths: string[]): Properties =>
  paths
    .flatMap((path) => [...expand(inputs, parsePath(path)), ...expand(old, parsePath(path))])
    .reduce((result, path) => (setIn(result, path, getIn(old, path)) ?? {}) as Properties, inputs);

/** Property-level difference. A value that is secret on either side shows as one change of `[secret]`. */
export const differences = (before: Value | undefined, after: Value | undefined, path = ''): Change[] => {
  if (same(before, after)) return [];
  if (before === undefined) return [{ path, kind: 'add', after: shown(after as Value) }];
  if (after === undefined) return [{ path, kind: 'remove', before: shown(before) }];
  const [left, right] = [before, after].map((value) => (isSecret(value) ? (value.value as Value) : value));
  const hidden = isSecret(before) || isSecret(after);
  let inner: Change[] | undefined;
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    inner = Array.from({ length }, (_, i) => differences(left[i], right[i], `${path}[${i}]`)).flat();
  } else if (isObject(left) && isObject(right)) {
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    inner = keys.flatMap((key) => differences(left[key], right[key], joinPath(path, key)));
  }
  if (!inner) {
    return [{ path, kind: 'change', before: shown(before), after: shown(after) }];
  }
  if (!hidden) return inner;
  return inner.map((change) => ({
    ...change,
    ...('before' in change ? { before: '[secret]' } : {}),
    ...('after' in change ? { after: '[secret]' } : {}),
  }));
};

/**
 * Decides what has to happen to one resource. `replacing` lists the paths whose change the provider cannot make in
 * place ('*' for all); `fixedName` says that old and new cannot exist side by side.
 */
export const planStep = (
  old: Resource | undefined,
  goal: Goal,
  provider: { replacing: string[]; fixedName: boolean } = { replacing: [], fixedName: false },
): Plan => {
  if (!old) return { op: 'create', changes: [], deleteFirst: false };
  const changes = goal.custom ? differences(old.inputs ?? {}, goal.inputs) : [];
  const deleteFirst = goal.deleteBeforeReplace ?? provider.fixedName;
  if (touches(changes, [...provider.replacing, ...goal.replaceOnChanges])) {
    return { op: 'replace', changes, deleteFirst };
  }
  const unfinished = (old.initErrors ?? []).length > 0;
  return { op: changes.length || unfinished ? 'update' : 'same', changes, deleteFirst };
};

/** Whether what the engine remembers besides inputs (dependencies, protection …) is out of date. */
export const optionsDiffer = (old: Resource, goal: Goal): boolean =>
  old.urn !== goal.urn ||
  !!old.protect !== !!goal.protect ||
  !!old.retainOnDelete !== !!goal.retainOnDelete ||
  old.parent !== goal.parent ||
  old.provider !== goal.provider ||
  !same((old.dependencies ?? []) as Value, (goal.dependencies ?? []) as Value) ||
  !same((old.propertyDependencies ?? {}) as Value, (goal.propertyDependencies ?? {}) as Value);

export const dependsOn = (resource: Resource): Set<string> =>
  new Set(
    [
      ...(resource.dependencies ?? []),
      ...Object.values(resource.propertyDependencies ?? {}).flat(),
      resource.parent,
      resource.provider?.replace(/::[^:]*$/, ''),
    ].filter((urn): urn is string => !!urn),
  );

/** Groups to delete one after the other: nothing goes before everything that depends on it has gone. */
export const deleteWaves = (resources: Resource[]): Resource[][] => {
  const waves: Resource[][] = [];
  let left = [...resources];
  while (left.length) {
    const needed = new Set(
      left.flatMap((resource) => [...dependsOn(resource)].filter((urn) => urn !== resource.urn)),
    );
    const free = left.filter((resource) => !needed.has(resource.urn));
    // A cycle can only come from a damaged state; deleting the last one first still makes progress.
    const wave = free.length ? free : left.slice(-1);
    waves.push(wave);
    left = left.filter((resource) => !wave.includes(resource));
  }
  return waves;
};

/** Dependencies first, as Pulumi's own state wants it. Keeps the given order where it is free to. */
export const sorted = (resources: Resource[]): Resource[] => {
  const byUrn = new Map(
    resources.filter((resource) => !resource.delete).map((resource) => [resource.urn, resource]),
  );
  const result = new Set<Resource>();
  const visiting = new Set<Resource>();
  const visit = (resource: Resource) => {
    if (visiting.has(resource)) return;
    visiting.add(resource);
    for (const urn of dependsOn(resource)) {
      const dependency = byUrn.get(urn);
      if (dependency) visit(dependency);
    }
    result.add(resource);
  };
  resources.forEach(visit);
  return [...result];
};

export const isKnown = (properties: Properties): boolean => !hasUnknown(properties);
