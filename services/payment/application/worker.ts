import type { Logger } from '@platform/libs/telemetry';
import type { Clock, PaymentStore } from './ports';

export interface WorkerDeps {
  store: Pick<PaymentStore, 'claimDue' | 'release'>;
  advance(paymentId: string): Promise<void>;
  clock: Clock;
  logger: Logger;
  /** Payments in hand at the same time; 8 unless told. */
  atOnce?: number;
  pollMs?: number;
  /** Longer than a gateway call may take. What an instance had in hand when it died is taken up after this. */
  leaseMs?: number;
}

export interface Worker {
  /** There may be something to do. */
  wake(): void;
  /** Takes up nothing more, and waits for what is in hand. */
  stop(): Promise<void>;
}

/** Advances every payment that is due: new ones, those between two attempts, those whose outcome is open, whoever began them. */
export const startWorker = ({
  store,
  advance,
  clock,
  logger,
  atOnce = 8,
  pollMs = 500,
  leaseMs = 30_000,
}: WorkerDeps): Worker => {
  const inHand = new Set<Promise<void>>();
  let stopped = false;
  let claiming = false;
  let again = false;

  const process = async (paymentId: string) => {
    try {
      await advance(paymentId);
    } catch (error) {
      logger.warn({ err: error, paymentId }, 'a payment could not be advanced yet');
      // Kept until the lease is over: a failing database or a bug must not be hammered.
      return;
    }
    await store
      .release(paymentId)
      .catch((error) => logger.warn({ err: error, paymentId }, 'a lease stays until it is over'));
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
        if (stopped || room <= 0) break;
        const now = clock.now();
        const leaseUntil = new Date(Date.parse(now) + leaseMs).toISOString();
        for (const paymentId of await store.claimDue(now, leaseUntil, room)) {
          const work: Promise<void> = process(paymentId).finally(() => {
            inHand.delete(work);
            void look();
          });
          inHand.add(work);
        }
      } while (again);
    } catch (error) {
      logger.warn({ err: error }, 'due payments could not be looked for');
    } finally {
      claiming = false;
    }
  };

  const timer = setInterval(() => void look(), pollMs);
  return {
    wake: () => void look(),
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.all(inHand);
    },
  };
};
