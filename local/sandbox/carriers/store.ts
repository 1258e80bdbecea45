import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const carriers = ['fedex', 'ups', 'dhl', 'usps'] as const;
export type CarrierName = (typeof carriers)[number];

/** What a carrier sold. */
export interface Label {
  /** The tracking number of the whole shipment. */
  id: string;
  carrier: CarrierName;
  /** What the buyer calls it. */
  reference: string;
  service: string;
  /** Minor units. */
  amount: number;
  currency: string;
  /** ms since 1970. */
  created: number;
  voided: boolean;
  /** Tracking numbers, one a parcel. */
  parcels: string[];
  /** When it was moved on by hand, ms since 1970. */
  moves: number[];
  /** Where a carrier takes an idempotency key. */
  key?: string;
}

/** Bounded state: the oldest goes first. With a folder, every change is also a line of a file that a restart reads again. */
export class Store {
  private readonly labels = new Map<string, Label>();
  private readonly file?: string;
  private lines = 0;

  constructor(
    private readonly limit: number,
    folder?: string,
  ) {
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, 'carriers-sandbox.jsonl');
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

  private keep(label: Label) {
    this.labels.set(label.id, label);
    if (this.labels.size > this.limit) this.labels.delete(this.labels.keys().next().value!);
  }

  private rewrite() {
    if (!this.file) return;
    const all = this.all();
    writeFileSync(`${this.file}.new`, all.map((label) => `${JSON.stringify(label)}\n`).join(''));
    renameSync(`${this.file}.new`, this.file);
    this.lines = all.length;
  }

  save(label: Label) {
    this.keep(label);
    if (!this.file) return;
    appendFileSync(this.file, `${JSON.stringify(label)}\n`);
    this.lines += 1;
    if (this.lines > this.limit * 4) this.rewrite();
  }

  /** By the number of the shipment or of one of its parcels. */
  find(carrier: CarrierName, number: string): Label | undefined {
    return this.all().find(
      (label) => label.carrier === carrier && (label.id === number || label.parcels.includes(number)),
    );
  }

  where(carrier: CarrierName, fits: (label: Label) => boolean): Label[] {
    return this.all().filter((label) => label.carrier === carrier && fits(label));
  }

  /** Oldest first. */
  all(): Label[] {
    return [...this.labels.values()];
  }

  clear() {
    this.labels.clear();
    this.rewrite();
  }
}
