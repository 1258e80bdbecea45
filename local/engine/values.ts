import * as protobuf from 'google-protobuf/google/protobuf/struct_pb';
import { quickenStructs } from './struct.cjs';

quickenStructs(protobuf);

/** A property value as it travels between program, engine and packs: JSON plus the marks below. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Properties = Record<string, Value>;

const signature = '4dabf18193072939515e22adb298388d';
const secretMark = '1b47061264138c4ac30d75fd1eb44270';
const resourceMark = '5cf8f73096256a8f31e491e813e4eb8e';
const outputMark = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';
/** Stands for a value that only exists after the step that makes it was carried out. */
export const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export const isObject = (value: unknown): value is Record<string, Value> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isSecret = (value: unknown): value is { value: Value } & Properties =>
  isObject(value) && value[signature] === secretMark;
export const secret = (value: Value): Value =>
  isSecret(value) ? value : { [signature]: secretMark, value: value ?? null };

/** Rebuilds a value bottom-up. `visit` sees every node before its children and may replace it. */
const rebuild = (value: Value, visit: (value: Value) => Value | undefined): Value => {
  const replaced = visit(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item) => rebuild(item, visit));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rebuild(item, visit)]));
};

/** Plain data: secrets opened, references to resources turned into ids. Unknowns stay. */
export const plain = <T extends Value = Value>(value: Value): T =>
  rebuild(value, (node) => {
    if (!isObject(node)) return undefined;
    if (node[signature] === secretMark) return plain(node.value ?? null);
    if (node[signature] === outputMark) return 'value' in node ? plain(node.value ?? null) : unknown;
    if (node[signature] === resourceMark) return node.id || node.urn || unknown;
    return undefined;
  }) as T;

/** What may be shown to people: secrets and unknowns by name only. */
export const shown = (value: Value): Value =>
  rebuild(value, (node) => (isSecret(node) ? '[secret]' : node === unknown ? '[unknown]' : undefined));

/** Output values of components and resource references become what a provider or a pack understands. */
export const normalise = (value: Value): Value =>
  rebuild(value, (node) => {
    if (!isObject(node)) return undefined;
    if (node[signature] === resourceMark) return node.id || node.urn || unknown;
    if (node[signature] !== outputMark) return undefined;
    const inner = 'value' in node ? normalise(node.value ?? null) : unknown;
    return node.secret ? secret(inner) : inner;
  });

const some = (value: Value, test: (value: Value) => boolean): boolean =>
  test(value) ||
  (Array.isArray(value)
    ? value.some((item) => some(item, test))
    : isObject(value) && Object.values(value).some((item) => some(item, test)));

export const hasUnknown = (value: Value): boolean => some(value, (node) => node === unknown);

/** Replaces each secret, outermost first. Used to encrypt and to collect. */
export const mapSecrets = (value: Value, replace: (secret: Value) => Value): Value =>
  rebuild(value, (node) => (isSecret(node) ? replace(node.value as Value) : undefined));

export const sealed = (ciphertext: string): Value => ({ [signature]: secretMark, ciphertext });
export const mapSealed = (value: Value, open: (ciphertext: string) => Value): Value =>
  rebuild(value, (node) =>
    isSecret(node) && typeof node.ciphertext === 'string' ? secret(open(node.ciphertext)) : undefined,
  );

/** Marks in `outputs` what was secret at the same place in `inputs`. */
export const keepSecrets = (inputs: Value | undefined, outputs: Value): Value => {
  if (isSecret(inputs)) return secret(outputs);
  if (Array.isArray(inputs) && Array.isArray(outputs)) {
    return outputs.map((item, index) => keepSecrets(inputs[index], item));
  }
  if (!isObject(inputs) || !isObject(outputs) || isSecret(outputs)) return outputs;
  return Object.fromEntries(
    Object.entries(outputs).map(([key, item]) => [key, keepSecrets(inputs[key], item)]),
  );
};

/** Equal as data, whatever is marked secret. Absent and undefined are the same. */
export const same = (left: Value | undefined, right: Value | undefined): boolean => {
  if (left === right) return true;
  if (isSecret(left)) return same(left.value as Value, right);
  if (isSecret(right)) return same(left, right.value as Value);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => same(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) =>
    same(left[key], right[key]),
  );
};

export const fromStruct = (struct: protobuf.Struct | undefined): Properties =>
  (struct ? struct.toJavaScript() : {}) as Properties;
/** Written when the message is sent: the properties are not to change before. */
export const toStruct = (properties: Properties): protobuf.Struct =>
  protobuf.Struct.fromJavaScript(properties as Record<string, protobuf.JavaScriptValue>);

/** Remembers secret texts and blots them out of anything that is about to be printed. */
/**
 * What can only be a secret, wherever it stands: keys of a payment gateway, private keys, passwords in addresses. Someone who puts
 * one into plain configuration is stopped by a policy; the refusal must not print it either.
 */
const unmistakable = [
  [/\b([rs]k_(?:live|test)_)\w{8,}/g, '$1[secret]'],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^"']*/g, '[secret $1]'],
  [/(\b[a-z][a-z+.-]*:\/\/[^\s:/@"']*:)[^\s/@"']+@/g, '$1[secret]@'],
] as const;

export class Redactor {
  private readonly texts = new Set<string>();

  /** Learns the secrets within a resource. Plain words are left out: a user name must not blot out every title. */
  learn(value: Value): void {
    mapSecrets(value, (inner) => {
      some(plain(inner), (node) => {
        if (typeof node === 'string' && node.length >= 8 && !/^[a-z-]*$/.test(node)) this.add(node);
        return false;
      });
      return null;
    });
  }

  /** Learns a text that is secret as a whole, however plain it looks. */
  add(text: string): void {
    if (text === unknown || text.length < 3) return;
    this.texts.add(text);
    this.texts.add(Buffer.from(text).toString('base64'));
  }

  redact(text: string): string {
    let result = text;
    for (const known of [...this.texts].sort((a, b) => b.length - a.length)) {
      if (result.includes(known)) result = result.split(known).join('[secret]');
    }
    for (const [pattern, replacement] of unmistakable) result = result.replace(pattern, replacement);
    return result;
  }
}
