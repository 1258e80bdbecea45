import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PaymentIntent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_capturable: number;
  amount_received: number;
  canceled_at: number | null;
  cancellation_reason: string | null;
  capture_method: 'automatic' | 'automatic_async' | 'manual';
  client_secret: string;
  confirmation_method: 'automatic';
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  last_payment_error: object | null;
  latest_charge: string | null;
  livemode: false;
  metadata: Record<string, string>;
  next_action: object | null;
  payment_method: string | null;
  payment_method_types: string[];
  status:
    | 'requires_payment_method'
    | 'requires_confirmation'
    | 'requires_action'
    | 'requires_capture'
    | 'succeeded'
    | 'canceled';
}

export interface Charge {
  id: string;
  object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  created: number;
  currency: string;
  failure_code: string | null;
  failure_message: string | null;
  livemode: false;
  metadata: Record<string, string>;
  outcome: object;
  paid: boolean;
  payment_intent: string;
  payment_method: string;
  payment_method_details: object;
  refunded: boolean;
  status: 'succeeded' | 'failed';
}

export interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  charge: string;
  created: number;
  currency: string;
  metadata: Record<string, string>;
  payment_intent: string;
  reason: string | null;
  status: 'succeeded';
}

export interface StripeEvent {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  data: { object: PaymentIntent | Charge | Refund };
  livemode: false;
  pending_webhooks: number;
  request: { id: string; idempotency_key: string | null };
  type: string;
}

/** The answer an Idempotency-Key got, and a hash of the request it was for. */
export interface Answer {
  id: string;
  object: 'answer';
  request: string;
  status: number;
  body: string;
}

type Thing = PaymentIntent | Charge | Refund | StripeEvent | Answer;

const kinds = ['payment_intent', 'charge', 'refund', 'event', 'answer'] as const;
type Kind = (typeof kinds)[number];

/** Bounded state: the oldest goes first. With a folder, every change is also a line of a file that a restart reads again. */
export class Store {
  private readonly things = new Map<Kind, Map<string, Thing>>(kinds.map((kind) => [kind, new Map()]));
  private readonly file?: string;
  private lines = 0;

  constructor(
    private readonly limit: number,
    folder?: string,
  ) {
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, 'stripe-sandbox.jsonl');
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
    if (known.size > this.limit) known.delete(known.keys().next().value!);
  }

  private rewrite() {
    if (!this.file) return;
    const all = kinds.flatMap((kind) => [...this.things.get(kind)!.values()]);
    writeFileSync(`${this.file}.new`, all.map((thing) => `${JSON.stringify(thing)}\n`).join(''));
    renameSync(`${this.file}.new`, this.file);
    this.lines = all.length;
  }

  save(...things: Thing[]) {
    for (const thing of things) this.keep(thing);
    if (!this.file) return;
    appendFileSync(this.file, things.map((thing) => `${JSON.stringify(thing)}\n`).join(''));
    this.lines += things.length;
    if (this.lines > this.limit * kinds.length * 4) this.rewrite();
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
