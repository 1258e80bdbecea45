export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = { [key: string]: FormValue };

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads Stripe's request bodies: `metadata[a]=1&expand[0]=x&expand[]=y`. */
export const parseForm = (text: string): Form => {
  const form: Form = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    const path = [...name.matchAll(/^[^[]+|\[([^\]]*)\]/g)].map((match) => match[1] ?? match[0]);
    if (path.length === 0 || path.length > 6 || path.some((key) => forbidden.has(key))) continue;
    let at: Record<string, FormValue> = form;
    for (const key of path.slice(0, -1)) {
      const next = at[key];
      if (typeof next === 'object' && !Array.isArray(next)) at = next;
      else {
        const made: Record<string, FormValue> = Object.create(null);
        at[key] = made;
        at = made;
      }
    }
    const last = path[path.length - 1]!;
    at[last === '' ? String(Object.keys(at).length) : last] = value;
  }
  return form;
};

export const textOf = (form: Form, name: string): string | undefined =>
  typeof form[name] === 'string' ? form[name] : undefined;

export const mapOf = (form: Form, name: string): Record<string, string> | undefined => {
  const value = form[name];
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
};
