import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The answer an idempotency key got, and a hash of the request it was for. */
export interface Answer {
  id: string;
  object: 'answer';
  request: string;
  status: number;
  body: string;
}

export interface StoreOptions<Kind extends string> {
  /** Names the file: 'stripe'. */
  name: string;
  kinds: readonly Kind[];
  /** How many things of each kind are kept. */
  limit: number;
  /** Where the file is; without one, everything is forgotten at the end. */
  folder?: string;
}

/** Bounded state: the oldest goes first. With a folder, every change is also a line of a file that a restart reads again. */
export class Store<Thing extends { id: string; object: string }> {
  private readonly things: Map<string, Map<string, Thing>>;
  private readonly file?: string;
  private lines = 0;

  constructor(private readonly options: StoreOptions<Thing['object']>) {
    const { folder, name, kinds } = options;
    this.things = new Map(kinds.map((kind) => [kind, new Map()]));
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, `${name}-sandbox.jsonl`);
    if (!existsSync(this.file)) return;
    for (const line of readFileSync(this.file, 'utf8').split('\n')) {
      try {
        if (line) this.keep(JSON.parse(line));
      } catch {
        // A line cut off by a kill: what it said was never answered for.
      }
    }
    this.rewrite();
  }

  private keep(thing: Thing) {
    const known = this.things.get(thing.object);
    if (!known) return;
    known.set(thing.id, thing);
    if (known.size > this.options.limit) known.delete(known.keys().next().value!);
  }

  private rewrite() {
    if (!this.file) return;
    const all = [...this.things.values()].flatMap((known) => [...known.values()]);
    writeFileSync(`${this.file}.new`, all.map((thing) => `${JSON.stringify(thing)}\n`).join(''));
    renameSync(`${this.file}.new`, this.file);
    this.lines = all.length;
  }

  save(...things: Thing[]) {
    for (const thing of things) this.keep(thing);
    if (!this.file) return;
    appendFileSync(this.file, things.map((thing) => `${JSON.stringify(thing)}\n`).join(''));
    this.lines += things.length;
    if (this.lines > this.options.limit * this.things.size * 4) this.rewrite();
  }

  get<T extends Thing>(kind: T['object'], id: string): T | undefined {
    return this.things.get(kind)!.get(id) as T | undefined;
  }

  /** Newest first. */
  all<T extends Thing>(kind: T['object']): T[] {
    return [...this.things.get(kind)!.values()].reverse() as T[];
  }

  clear() {
    for (const known of this.things.values()) known.clear();
    this.rewrite();
  }
}
