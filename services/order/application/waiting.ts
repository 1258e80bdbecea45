import type { OrderView } from './ports';

export interface Waiting {
  /**
   * What `look` finds once the order is settled or, should that take longer than `ms`, at the end of that time. Where too many wait
   * already: what it finds at once.
   */
  untilSettled(
    orderId: string,
    ms: number,
    look: () => Promise<OrderView | undefined>,
  ): Promise<{ order: OrderView | undefined; waitedMs: number }>;
  /** An order is settled; without an id, any may be. */
  wake(orderId?: string): void;
}

/** Each holds a connection. */
const MOST = 500;

/** Customers who wait for the end of their orders, instead of asking again and again. `now` in ms. */
export const createWaiting = (now: () => number = () => performance.now(), most = MOST): Waiting => {
  const waiting = new Map<string, Set<() => void>>();
  let count = 0;

  /** Begins to wait now, whenever it is asked for how long. */
  const begin = (orderId: string) => {
    let wake = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const others = waiting.get(orderId) ?? new Set();
    waiting.set(orderId, others.add(wake));
    count++;
    return {
      async within(ms: number) {
        const timer = setTimeout(wake, ms);
        await woken;
        clearTimeout(timer);
      },
      end() {
        count--;
        others.delete(wake);
        if (others.size === 0) waiting.delete(orderId);
      },
    };
  };

  return {
    async untilSettled(orderId, ms, look) {
      if (ms <= 0 || count >= most) return { order: await look(), waitedMs: 0 };
      // Before the first look: what happens right after it is not missed.
      const wait = begin(orderId);
      try {
        const order = await look();
        if (order?.status !== 'pending') return { order, waitedMs: 0 };
        const began = now();
        await wait.within(ms);
        return { order: await look(), waitedMs: now() - began };
      } finally {
        wait.end();
      }
    },
    wake(orderId) {
      const all = orderId === undefined ? [...waiting.values()] : [waiting.get(orderId) ?? []];
      for (const some of all) for (const wake of some) wake();
    },
  };
};
