// What differs in writing only, or what nobody wrote: neither is news to a reader.

const decimal: Record<string, number> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A Kubernetes quantity as a number, undefined for anything else. `1000m` is 1, `1Gi` is 1073741824. */
export const quantity = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  const [, digits, unit] =
    typeof value === 'string' ? (/^([+-]?\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(value) ?? []) : [];
  const factor = unit === undefined ? undefined : decimal[unit];
  return factor === undefined ? undefined : Number(digits) * factor;
};

const unitSeconds: Record<string, number> = { ms: 1e-3, s: 1, m: 60, h: 3600 };

/** A duration such as `90s` or `1m30s` in seconds, undefined for anything else. */
export const duration = (value: unknown): number | undefined => {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * (unitSeconds[unit ?? ''] ?? 0),
    0,
  );
};

const holdsQuantity = /(^|\.)(requests|limits|capacity|hard|storage|sizeLimit|averageValue)(\.|$)/;
const holdsDuration = /(timeout|interval|ejectionTime|delay|ttl|duration|period)$/i;
const generated =
  /(^|\.)metadata\.(uid|resourceVersion|generation|creationTimestamp|managedFields|selfLink)\b|^status\b|\["pulumi\.com\/[^"]*"\]$|(^|\.)(__fieldManager|__initialApiVersion)$/;
const checksum = /(checksum|hash|digest)[^."]*("\])?$/i;

/** Whether two values at a path say the same although they are written differently. */
export const sameMeaning = (path: string, before: unknown, after: unknown): boolean => {
  if (before === undefined || after === undefined) return false;
  const read = holdsQuantity.test(path) ? quantity : holdsDuration.test(path) ? duration : undefined;
  const [left, right] = [read?.(before), read?.(after)];
  if (left === undefined || right === undefined) return false;
  return Math.abs(left - right) <= 1e-9 * Math.max(Math.abs(left), Math.abs(right));
};

/** Whether a path is filled in by the server or by an engine. */
export const isGenerated = (path: string): boolean => generated.test(path);

/** Whether a path holds a checksum: that it changed is news (pods restart), its value is not. */
export const isChecksum = (path: string): boolean => checksum.test(path);
