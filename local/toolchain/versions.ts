/** Characters in the order Debian gives them: `~` before the end of the word, letters before all the rest. */
const weight = (character: string | undefined): number => {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
};

const compareWords = (a: string, b: string): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = weight(a[index]) - weight(b[index]);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Words and numbers take turns; a word always comes first, if only an empty one. */
const compareParts = (a: string, b: string): number => {
  const [left, right] = [a, b].map((part) => part.match(/\D+|\d+/g) ?? []);
  const take = (parts: string[], digits: boolean) =>
    parts.length && /^\d/.test(parts[0]!) === digits ? parts.shift()! : '';
  while (left!.length || right!.length) {
    const words = compareWords(take(left!, false), take(right!, false));
    if (words !== 0) return words;
    const numbers = Number(take(left!, true) || 0) - Number(take(right!, true) || 0);
    if (numbers !== 0) return numbers;
  }
  return 0;
};

const split = (version: string) => {
  const [, epoch = '0', rest = ''] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  return dash < 0
    ? { epoch: Number(epoch), upstream: rest, revision: '' }
    : { epoch: Number(epoch), upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
};

/** Negative, zero or positive as Debian orders the two versions (deb-version(7)). */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [split(a), split(b)];
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
};
