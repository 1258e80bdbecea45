import { z } from 'zod';
import { incompatibilities, type JsonSchema } from './compatibility';

/** What a service publishes: the schema of `data` by CloudEvents type. */
export type Contracts = Readonly<Record<string, z.ZodType>>;

/** A message as one of the contracts has it, for the compiler to check. */
export type Published<C extends Contracts> = {
  [T in keyof C & string]: { type: T; data: z.input<C[T]> };
}[keyof C & string];

/** Of each type, as it is committed: the registry that others write their consumers by. */
export type Registry = Record<string, JsonSchema>;

/** What `schema` lets through, in JSON Schema. Fields it does not name may be there: readers are tolerant. */
export const toJsonSchema = (schema: z.ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', reused: 'inline' });
  return rest as JsonSchema;
};

export const toRegistry = (contracts: Contracts): Registry =>
  Object.fromEntries(
    Object.keys(contracts)
      .sort()
      .map((type) => [type, toJsonSchema(contracts[type] as z.ZodType)]),
  );

/** Why those who read by `committed` could not read what `current` allows: a line each. Then a new version of the type is due. */
export const brokenPromises = (committed: Registry, current: Registry): string[] =>
  Object.entries(committed).flatMap(([type, old]) => {
    const now = current[type];
    if (now === undefined) return [`${type}: is published no more`];
    return incompatibilities(old, now).map((reason) => `${type}: ${reason}`);
  });

/** What is wrong with a message by the contract of its type, fields that the contract does not name included; a line each. */
export function breaches(contracts: Contracts, { type, data }: { type: string; data: unknown }): string[] {
  const contract = Object.hasOwn(contracts, type) ? contracts[type] : undefined;
  if (!contract) return [`${type}: has no contract`];
  const parsed = contract.safeParse(data);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${type}: data.${path.join('.')}: ${message}`);
  // What zod does not know it leaves out.
  return unnamed(data, parsed.data, 'data').map((path) => `${type}: ${path}: is not in the contract`);
}

function unnamed(sent: unknown, known: unknown, path: string): string[] {
  if (typeof sent !== 'object' || sent === null || typeof known !== 'object' || known === null) return [];
  return Object.entries(sent).flatMap(([name, value]) =>
    value === undefined
      ? []
      : Object.hasOwn(known, name)
        ? unnamed(value, (known as Record<string, unknown>)[name], `${path}.${name}`)
        : [`${path}.${name}`],
  );
}
