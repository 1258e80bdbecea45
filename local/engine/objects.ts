import type { KubeObject } from './cluster';
import { expand, getIn, parsePath, setIn } from './plan';
import { isObject, type Properties, plain, unknown, type Value } from './values';

/** Under this name the API server remembers which fields the engine set. */
export const fieldManager = 'ecommerce-platform';

export const metadataOf = (properties: Properties | undefined) =>
  (plain(properties?.metadata ?? {}) ?? {}) as Properties;

/** The object as the API wants it. stringData is folded into data, so that a key taken out really goes. */
export const desired = (inputs: Properties): KubeObject => {
  const { stringData, ...object } = plain<Properties>(inputs);
  if (isObject(stringData)) {
    const encoded = Object.entries(stringData).map(([key, text]) => [
      key,
      text === unknown ? unknown : Buffer.from(String(text)).toString('base64'),
    ]);
    object.data = { ...(object.data as Properties), ...Object.fromEntries(encoded) };
  }
  return object as unknown as KubeObject;
};

/** What an object is, without what the server counts and reports. */
export const essence = (object: KubeObject): Value => {
  const { status, metadata, ...rest } = object;
  const { managedFields, resourceVersion, generation, creationTimestamp, uid, ...kept } =
    metadata as Properties;
  return { ...rest, metadata: kept } as Value;
};

/** Whether every field of `part` has that very value in `whole`. Lists go item by item; an empty one may be left out. */
export const holds = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(part)) {
    const items: unknown = whole ?? [];
    if (!Array.isArray(items) || items.length !== part.length) return false;
    return part.every((item, index) => holds(items[index], item));
  }
  if (!isObject(part)) return whole === part;
  return isObject(whole) && Object.entries(part).every(([key, item]) => holds(whole[key], item));
};

/**
 * Whether somebody else set anything but metadata. What they added to an item of one of our lists is no part of what we asked for, and
 * still not as we want it: only the server can tell.
 */
export const isTouched = (live: KubeObject): boolean =>
  (live.metadata.managedFields ?? []).some(
    ({ manager, subresource, fieldsV1 = {} }) =>
      manager !== fieldManager && !subresource && Object.keys(fieldsV1).some((key) => key !== 'f:metadata'),
  );

/** Whether our last apply set this field (path of map keys only). */
export const isOurs = (live: KubeObject, path: string[]): boolean =>
  (live.metadata.managedFields ?? []).some((entry) => {
    if (entry.manager !== fieldManager || entry.operation !== 'Apply' || entry.subresource) return false;
    let node = entry.fieldsV1 as Record<string, object> | undefined;
    for (const key of path) {
      node = node?.[`f:${key}`] as Record<string, object> | undefined;
      if (!node) return false;
      // An empty node above the leaf is a field that is owned as a whole.
      if (!Object.keys(node).length) return true;
    }
    return true;
  });

/**
 * Fields the program ignores belong to someone else, such as an autoscaler. One that is not ours is left out. One that
 * still is ours would fall back to its default when left out, and a list cannot be applied with holes: these get the
 * value that is live, guarded by the object's version so that a change made meanwhile is not undone.
 */
export const yieldIgnored = (body: KubeObject, live: KubeObject, ignored: string[]): KubeObject => {
  let result = body as unknown as Value;
  let guarded = false;
  const paths = ignored.flatMap((path) => [
    ...expand(result, parsePath(path)),
    ...expand(live as unknown as Value, parsePath(path)),
  ]);
  for (const path of paths) {
    const inList = path.some((_, index) =>
      Array.isArray(getIn(live as unknown as Value, path.slice(0, index))),
    );
    const kept = inList || isOurs(live, path);
    result = setIn(result, path, kept ? getIn(live as unknown as Value, path) : undefined) as Value;
    guarded ||= kept;
  }
  const object = result as unknown as KubeObject;
  if (!guarded) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion: live.metadata.resourceVersion } };
};
