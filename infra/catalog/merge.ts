type Plain = Record<string, unknown>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `override` over `base`: objects are merged key by key, everything else (lists too) is replaced. Changes neither. */
export function mergeOverrides(base: Plain, override: Plain): Plain {
  const merged: Plain = { ...base };
  for (const [key, value] of Object.entries(override)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    merged[key] = isPlain(before) && isPlain(value) ? mergeOverrides(before, value) : value;
  }
  return merged;
}
