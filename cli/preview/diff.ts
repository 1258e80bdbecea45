import type { Change } from '@platform/local/engine';
import { isObject, type Properties } from './model';
import { isChecksum, isGenerated, sameMeaning } from './normalise';

const joined = (path: string, key: string) =>
  /^[\w$/-]+$/.test(key) ? (path ? `${path}.${key}` : key) : `${path}["${key}"]`;

const identities = ['name', 'key', 'id', 'mountPath'];

/** The field that names the items of both lists, each item differently. An item that moves in such a list has not changed. */
const identityOf = (before: unknown[], after: unknown[]): string | undefined =>
  identities.find((key) =>
    [before, after].every((list) => {
      const names = list.map((item) => (isObject(item) ? item[key] : undefined));
      return names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
    }),
  );

const byName = (list: unknown[], key: string): Map<string, unknown> =>
  new Map(list.map((item) => [(item as Record<string, string>)[key] ?? '', item]));

/** Lists without names are compared from both ends, so that an insertion does not look like a change of all that follows. */
const unnamed = (before: unknown[], after: unknown[], path: string): Change[] => {
  const equal = (left: unknown, right: unknown) => differences(left, right, path).length === 0;
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && equal(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && equal(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const [gone, come] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index) =>
    differences(gone[index], come[index], `${path}[${head + index}]`),
  ).flat();
};

const lists = (before: unknown[], after: unknown[], path: string): Change[] => {
  const key = identityOf(before, after);
  if (key === undefined) return unnamed(before, after, path);
  const [left, right] = [byName(before, key), byName(after, key)];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) =>
    differences(left.get(name), right.get(name), `${path}[${name}]`),
  );
};

/** What differs in meaning between two values that may be shown, property by property. */
export const differences = (before: unknown, after: unknown, path = ''): Change[] => {
  if (before === after || isGenerated(path)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(before[key], after[key], joined(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return lists(before, after, path);
  return readable([{ path, kind: kindOf(before, after), before, after } as Change]);
};

const kindOf = (before: unknown, after: unknown): Change['kind'] =>
  before === undefined ? 'add' : after === undefined ? 'remove' : 'change';

/** Changes without those that say nothing, and without the values of checksums. */
export const readable = (changes: Change[]): Change[] =>
  changes
    .filter(({ path, before, after }) => !isGenerated(path) && !sameMeaning(path, before, after))
    .map((change) =>
      isChecksum(change.path) ? { path: change.path, kind: 'change', before: 'old', after: 'new' } : change,
    );

const isHidden = ({ before, after }: Change) => before === '[secret]' && after === '[secret]';

/**
 * The changes of one resource from its inputs before and after. `known` are those the engine found: they alone know that a
 * secret changed, and they are all there is where the server, not the program, says what differs.
 */
export const changesOf = (
  before: Properties | undefined,
  after: Properties,
  known: Change[],
  fromServer: boolean,
): Change[] =>
  fromServer || !before
    ? readable(known)
    : [...differences(before, after), ...readable(known.filter(isHidden))];
