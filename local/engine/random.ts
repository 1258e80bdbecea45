import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { LocalError } from '../errors';
import type { Goal } from './plan';
import type { Made, Provider } from './provider';
import { type Properties, plain, secret, unknown, type Value } from './values';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const special = '!@#$%&*()-_=+[]{}<>:?';

const generate = (inputs: Properties): string => {
  const flag = (name: string) => inputs[name] !== false;
  const least = (name: string) => Number(inputs[name] ?? 0);
  const classes: [string, boolean, number][] = [
    [lower, flag('lower'), least('minLower')],
    [upper, flag('upper'), least('minUpper')],
    [digits, flag('numeric') && flag('number'), least('minNumeric')],
    [String(inputs.overrideSpecial ?? special), flag('special'), least('minSpecial')],
  ];
  const length = Number(inputs.length);
  const all = classes.flatMap(([letters, used]) => (used ? [...letters] : []));
  const pick = (letters: ArrayLike<string>) => letters[randomInt(letters.length)] as string;
  const result = classes.flatMap(([letters, , count]) => Array.from({ length: count }, () => pick(letters)));
  if (!(length >= 1) || result.length > length || !all.length) {
    throw new LocalError(`No text of length ${inputs.length} fits these rules`, {
      hint: 'length must be at least 1 and at least the sum of the min… values, with one class of letters allowed.',
    });
  }
  while (result.length < length) result.push(pick(all));
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [result[i], result[j]] = [result[j] as string, result[i] as string];
  }
  return result.join('');
};

const uuid7 = (): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** Outputs of each kind, as the published provider names them. `id` is what it uses as id. */
const kinds: Record<string, (inputs: Properties) => { id: string } & Properties> = {
  RandomPassword: (inputs) => ({ id: 'none', result: secret(generate(inputs)) }),
  RandomString: (inputs) => {
    const result = generate(inputs);
    return { id: result, result };
  },
  RandomId: (inputs) => {
    const bytes = randomBytes(Number(inputs.byteLength));
    const prefix = String(inputs.prefix ?? '');
    const url = bytes.toString('base64url');
    return {
      id: url,
      b64Std: prefix + bytes.toString('base64'),
      b64Url: prefix + url,
      hex: prefix + bytes.toString('hex'),
      dec: `${prefix}${BigInt(`0x${bytes.toString('hex')}`)}`,
    };
  },
  RandomBytes: (inputs) => {
    const bytes = randomBytes(Number(inputs.length));
    return { id: 'none', base64: secret(bytes.toString('base64')), hex: secret(bytes.toString('hex')) };
  },
  RandomUuid: () => {
    const result = randomUUID();
    return { id: result, result };
  },
  RandomUuid4: () => {
    const result = randomUUID();
    return { id: result, result };
  },
  RandomUuid7: () => {
    const result = uuid7();
    return { id: result, result };
  },
  RandomInteger: (inputs) => {
    const [min, max] = [Number(inputs.min), Number(inputs.max)];
    if (!(min <= max)) throw new LocalError(`min ${min} is above max ${max}`, { hint: 'Swap them.' });
    const result = randomInt(min, max + 1);
    return { id: String(result), result };
  },
};
const outputsOf: Record<string, string[]> = {
  RandomPassword: ['result'],
  RandomId: ['b64Std', 'b64Url', 'hex', 'dec'],
  RandomBytes: ['base64', 'hex'],
};

const kindOf = (type: string) => type.split(':').at(-1) ?? '';

/** The random package: values made once and kept in the state. bcryptHash is not computed. */
export const randomProvider: Provider = {
  check(goal) {
    if (!kinds[kindOf(goal.type)] || goal.inputs.seed !== undefined) {
      throw new LocalError(
        goal.inputs.seed === undefined
          ? `${goal.type} is not supported by the built-in engine`
          : `${goal.type}: seed is not supported by the built-in engine`,
        { hint: `It knows ${Object.keys(kinds).join(', ')}, without seed. Use the Pulumi CLI for others.` },
      );
    }
    return goal.inputs;
  },
  limits: () => ({ replacing: ['*'], fixedName: false }),
  async preview(goal, old, op) {
    if (old && op !== 'create' && op !== 'replace') return { outputs: old.outputs ?? {} };
    const names = outputsOf[kindOf(goal.type)] ?? ['result'];
    const hidden = new Set(goal.additionalSecretOutputs ?? []);
    const value = (name: string): Value => (hidden.has(name) ? secret(unknown) : unknown);
    return { outputs: { ...goal.inputs, ...Object.fromEntries(names.map((name) => [name, value(name)])) } };
  },
  async create(goal: Goal, watcher): Promise<Made> {
    const { id, ...outputs } = kinds[kindOf(goal.type)]?.(plain<Properties>(goal.inputs)) ?? { id: 'none' };
    const made = { id, outputs: { ...goal.inputs, ...outputs } };
    await watcher.made(made);
    return made;
  },
  update: async (goal, old) => ({ id: old.id ?? 'none', outputs: { ...old.outputs, ...goal.inputs } }),
  delete: async () => {},
  adopt: async () => undefined,
};
