import type { Logger } from '../telemetry';

export interface WorkerDeps {
  /** For log lines: 'a shipment'. */
  what: string;
  store: {
    /** Takes what is due and nobody else has in hand. @returns ids */
    claimDue(now: string, leaseUntil: string, limit: number): Promise<string[]>;
    release(id: string): Promise<void>;
  };
  advance(id: string): Promise<void>;
  /** `now` in ISO 8601. */
  clock: { now(): string };
  logger: Logger;
  /** In hand at the same time; 8 unless told. */
  atOnce?: number;
  /** Looks for what is due this often even if nobody wakes it; 500 ms unless told. */
  pollMs?: number;
  /** Longer than one `advance` may take. What an instance had in hand when it died is taken up after this. */
  leaseMs: number;
}

export interface Worker {
  /** There may be something to do. */
  wake(): void;
  /** Takes up nothing more, and waits for what is in hand. */
  stop(): Promise<void>;
}

/** Advances whatever is due, whoever began it; of several instances each takes its share. */
export const startWorker = (deps: WorkerDeps): Worker => {
  const { what, store, advance, clock, logger, atOnce = 8, pollMs = 500, leaseMs } = deps;
  const inHand = new Set<Promise<void>>();
  let stopped = false;
  let claiming = false;
  let again = false;
  let wakes = 0;
  /** There may be more than there was room for. */
  let full = false;

  const process = async (id: string) => {
    try {
      await advance(id);
    } catch (error) {
      logger.warn({ err: error, id }, `${what} could not be advanced yet`);
      // Kept until the lease is over: a failing database or a bug must not be hammered.
      return;
    }
    await store
      .release(id)
      .catch((error) => logger.warn({ err: error, id }, 'a lease stays until it is over'));
  };

  const look = async () => {
    if (claiming) {
      again = true;
      return;
    }
    claiming = true;
    try {
      do {
        again = false;
        const room = atOnce - inHand.size;
        full = room <= 0;
        if (stopped || full) break;
        const now = clock.now();
        const leaseUntil = new Date(Date.parse(now) + leaseMs).toISOString();
        const claimed = await store.claimDue(now, leaseUntil, room);
        full = claimed.length === room;
        const before = wakes;
        for (const id of claimed) {
          const work: Promise<void> = process(id).finally(() => {
            inHand.delete(work);
            // Whoever was woken meanwhile could not take what was still in hand.
            if (full || wakes !== before) void look();
          });
          inHand.add(work);
        }
      } while (again);
    } catch (error) {
      logger.warn({ err: error }, `due work (${what}) could not be looked for`);
    } finally {
      claiming = false;
    }
  };

  const timer = setInterval(() => void look(), pollMs);
  return {
    wake() {
      wakes++;
      void look();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.all(inHand);
    },
  };
};
