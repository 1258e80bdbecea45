import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { createReservations } from './application/reservations';
import { createItemStore } from './storage/itemStore';
import { createReservationStore } from './storage/reservationStore';

export const HOUR = 3_600_000;

/** For tests only: reservations on a real database, and a clock that only moves when it is told to. */
export const createHarness = (pool: Pool) => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = createLogger('inventory-test', { destination });
  let now = Date.now();
  const clock = { now: () => new Date(now).toISOString() };
  const counted = { expired: 0, late: 0, short: 0 };
  const reservations = createReservations({
    ...{ store: createReservationStore(pool), clock, logger, validityMs: 2 * HOUR },
    measure: {
      expired: () => counted.expired++,
      soldLate: (short) => counted[short ? 'short' : 'late']++,
    },
  });
  const items = createItemStore(pool);
  const rows = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;
  return {
    ...{ lines, clock, reservations, items, counted },
    wait(ms: number) {
      now += ms;
    },
    /** A product of its own with so many units. */
    async stocked(stock: number, threshold = 0): Promise<string> {
      const productId = `prd-${randomUUID()}`;
      await items.put(productId, { stock, threshold }, { kind: 'new' });
      return productId;
    },
    reserve: (orderId: string, ...wanted: [productId: string, quantity: number][]) =>
      reservations.reserve(
        orderId,
        wanted.map(([productId, quantity]) => ({ productId, quantity })),
      ),
    figures: async (productId: string) => {
      const item = (await items.find(productId))!;
      return [item.stock, item.held];
    },
    status: async (orderId: string): Promise<string | undefined> =>
      (await rows('select status from reservations where order_id = $1', [orderId]))[0]?.status,
    short: (orderId: string) =>
      rows('select product_id, quantity, short from reservation_lines where order_id = $1 order by 1', [
        orderId,
      ]),
    /** What others are about to hear about an order or a product, in order. */
    told: async (key: string): Promise<{ type: string; data: Record<string, unknown> }[]> =>
      (await rows('select event from outbox where key = $1 order by id', [key])).map(({ event }) => event),
    inTransaction: <T>(work: Parameters<typeof withTransaction<T>>[1]) => withTransaction(pool, work),
  };
};
