import { createHmac } from 'node:crypto';

/** One message: `id` and `type` for the log, `body` as it is sent. */
export interface Message {
  id: string;
  type: string;
  body: string;
}

/** The headers by which the receiver knows who sent it. */
export type Signer = (message: Message) => Record<string, string>;

export const hmac = (secret: string, text: string, encoding: 'hex' | 'base64') =>
  createHmac('sha256', secret).update(text).digest(encoding);

export interface WebhookOptions {
  url?: string;
  sign: Signer;
  /** Waits between attempts, in ms; their number bounds the attempts. */
  retryDelaysMs?: number[];
  log(line: object): void;
}

const atOnce = 8;
const maxWaiting = 10_000;

/** Delivers messages at least once, several at a time and not in order, as gateways do. */
export class Webhooks {
  private readonly waiting: { message: Message; attempt: number }[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private running = 0;
  private closed = false;
  private lateMs = 0;
  readonly delivered = { ok: 0, failed: 0, dropped: 0 };

  constructor(private readonly options: WebhookOptions) {}

  send(message: Message) {
    if (!this.options.url) return;
    this.pushLater({ message, attempt: 0 }, this.lateMs);
  }

  /** What is sent from now on comes that much later. */
  late(ms: number) {
    this.lateMs = ms;
  }

  private push(job: { message: Message; attempt: number }) {
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
      void this.deliver(job.message)
        .then(() => this.delivered.ok++)
        .catch((error: Error) => this.again(job, error))
        .finally(() => {
          this.running--;
          this.next();
        });
    }
  }

  private async deliver(message: Message) {
    const { body } = message;
    const response = await fetch(this.options.url!, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        ...this.options.sign(message),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`answered ${response.status}`);
  }

  private again(job: { message: Message; attempt: number }, error: Error) {
    const delays = this.options.retryDelaysMs ?? [1000, 3000, 10_000, 30_000, 60_000, 120_000];
    const delay = delays[job.attempt];
    this.options.log({
      event: job.message.id,
      type: job.message.type,
      attempt: job.attempt + 1,
      error: error.message,
    });
    if (delay === undefined) {
      this.delivered.failed++;
      return;
    }
    this.pushLater({ message: job.message, attempt: job.attempt + 1 }, delay);
  }

  private pushLater(job: { message: Message; attempt: number }, delay: number) {
    if (delay <= 0) return this.push(job);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.push(job);
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
