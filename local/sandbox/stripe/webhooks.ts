import { createHmac } from 'node:crypto';
import type { StripeEvent } from './store';

export interface WebhookOptions {
  url?: string;
  secret: string;
  /** Waits between attempts, in ms; their number bounds the attempts. */
  retryDelaysMs?: number[];
  log(line: object): void;
}

/** Stripe's scheme: HMAC-SHA256 over `<seconds>.<body>`. */
export const signature = (body: string, secret: string, seconds = Math.floor(Date.now() / 1000)): string =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;

const atOnce = 8;
const maxWaiting = 10_000;

/** Delivers events at least once, several at a time and not in order, as Stripe does. */
export class Webhooks {
  private readonly waiting: { event: StripeEvent; attempt: number }[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private running = 0;
  private closed = false;
  readonly delivered = { ok: 0, failed: 0, dropped: 0 };

  constructor(private readonly options: WebhookOptions) {}

  send(event: StripeEvent) {
    if (!this.options.url) return;
    this.push({ event, attempt: 0 });
  }

  private push(job: { event: StripeEvent; attempt: number }) {
    if (this.closed) return;
    if (this.waiting.length >= maxWaiting) {
      this.delivered.dropped++;
      return;
    }
    this.waiting.push(job);
    this.next();
  }

  private next() {
    while (this.running < atOnce && this.waiting.length > 0) {
      const job = this.waiting.shift()!;
      this.running++;
      void this.deliver(job.event)
        .then(() => this.delivered.ok++)
        .catch((error: Error) => this.again(job, error))
        .finally(() => {
          this.running--;
          this.next();
        });
    }
  }

  private async deliver(event: StripeEvent) {
    const body = JSON.stringify(event, null, 2);
    const response = await fetch(this.options.url!, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signature(body, this.options.secret),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`answered ${response.status}`);
  }

  private again(job: { event: StripeEvent; attempt: number }, error: Error) {
    const delays = this.options.retryDelaysMs ?? [1000, 3000, 10_000, 30_000, 60_000, 120_000];
    const delay = delays[job.attempt];
    this.options.log({
      event: job.event.id,
      type: job.event.type,
      attempt: job.attempt + 1,
      error: error.message,
    });
    if (delay === undefined) {
      this.delivered.failed++;
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.push({ event: job.event, attempt: job.attempt + 1 });
    }, delay);
    timer.unref();
    this.timers.add(timer);
  }

  close() {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.waiting.length = 0;
  }
}
