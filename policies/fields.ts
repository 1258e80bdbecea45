// A read-only view of a resource's inputs that knows where it is and what is not known yet.

/** The engine's stand-ins for values that only exist after other resources have been made, one per type. */
const unknownSentinels = new Set([
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/** A value as it looks in a preview when it is not known. */
export const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Thrown when a rule reads a value that is unknown at preview; the report turns it into "not checked". */
export class UnknownValue extends Error {
  constructor(readonly path: string) {
    super(`${path} is not known yet`);
  }
}

type Plain = Record<string, unknown>;

export class Field {
  constructor(
    private readonly raw: unknown,
    readonly path = '',
  ) {}

  /** Walks down; below an unknown value everything is unknown, below a missing one everything is missing. */
  at(...keys: (string | number)[]): Field {
    let field: Field = this;
    for (const key of keys) field = field.child(key);
    return field;
  }

  private child(key: string | number): Field {
    if (this.unknown) return this;
    const holder = this.raw;
    const value =
      holder !== null && typeof holder === 'object' && Object.hasOwn(holder, key)
        ? (holder as Plain)[key]
        : undefined;
    return new Field(value, joinPath(this.path, key));
  }

  get unknown(): boolean {
    return typeof this.raw === 'string' && unknownSentinels.has(this.raw);
  }

  /** @throws UnknownValue when the value, or what holds it, is not known yet */
  get value(): unknown {
    if (this.unknown) throw new UnknownValue(this.path);
    return this.raw;
  }

  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Whether something is given, be it a value that another resource of the same run has yet to provide. */
  get isGiven(): boolean {
    return this.unknown || (this.raw !== undefined && this.raw !== null && this.raw !== '');
  }

  /** The text, or undefined when it is missing or something else; numbers count as text. */
  get text(): string | undefined {
    const value = this.value;
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  }

  get number(): number | undefined {
    const value = this.value;
    return typeof value === 'number' ? value : undefined;
  }

  /** Elements of a list; a missing list has none. */
  get items(): Field[] {
    const value = this.value;
    return Array.isArray(value) ? value.map((item, index) => new Field(item, `${this.path}[${index}]`)) : [];
  }

  /** Members of a map; a missing map has none. */
  get entries(): [string, Field][] {
    const value = this.value;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
    return Object.entries(value).map(([key, item]) => [key, new Field(item, joinPath(this.path, key))]);
  }

  /** A map of texts, such as labels. @throws UnknownValue when one of them is not known */
  get texts(): Record<string, string> {
    return Object.fromEntries(this.entries.map(([key, field]) => [key, field.text ?? '']));
  }
}

function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  const plain = /^[A-Za-z_][\w-]*$/.test(key) ? key : `["${key}"]`;
  if (plain.startsWith('[')) return `${path}${plain}`;
  return path ? `${path}.${plain}` : plain;
}
