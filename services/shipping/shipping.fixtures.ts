import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { createPostgresEventStore } from '@platform/libs/eventstore';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { shipmentIdOf } from './application/ids';
import type { Carrier, Carriers, Label, LabelOutcome } from './application/ports';
import { createShipments } from './application/shipments';
import { createTracking } from './application/tracking';
import type { Address } from './domain/address';
import type { Item } from './domain/packing';
import type { Quote } from './domain/quotes';
import { createQuoteStore } from './storage/quoteStore';
import { createShipmentStore } from './storage/shipmentStore';
import { createTrackingStore } from './storage/trackingStore';

/** For tests only. */
export const origin: Address = {
  name: 'Dispatch',
  company: 'Platform Shop',
  street: ['1 Warehouse Way'],
  ...{ city: 'Columbus', state: 'OH', postalCode: '43004', country: 'US', phone: '6145550100' },
};
export const home: Address = {
  name: 'Jane Doe',
  street: ['350 5th Ave', 'Apt 7'],
  ...{ city: 'New York', state: 'NY', postalCode: '10118', country: 'US', phone: '2125550100' },
};
/** The one postal code that every carrier of the sandbox refuses. */
export const nowhere: Address = { ...home, postalCode: '00000' };
export const items: Item[] = [
  { productId: 'prd-1', quantity: 2, weightGrams: 450, lengthMm: 200, widthMm: 120, heightMm: 60 },
];
export const label: Label = {
  ...{ parcel: 1, trackingNumber: '1Z', mediaType: 'application/pdf', bytes: Buffer.from('%PDF') },
};
export const cost = { amount: 912, currency: 'USD' };
export const bought: LabelOutcome = {
  kind: 'bought',
  booking: { trackingNumber: '1Z', cost, parcels: 1, estimatedDelivery: '2030-01-05' },
  labels: [label],
};

export const fakeCarrier = (more: Partial<Carrier> = {}): Carrier => {
  const unexpected = async (): Promise<never> => {
    throw new Error('not expected here');
  };
  return {
    name: 'ups',
    limits: { maxWeightGrams: 70_000, maxLengthMm: 2000, maxLengthPlusGirthMm: 4000, maxParcels: 10 },
    ...{ quote: unexpected, buy: unexpected, enquire: unexpected, void: unexpected, track: unexpected },
    ...more,
  };
};

interface Wish {
  carrier?: string;
  service?: string;
  address?: Address;
  items?: Item[];
  customerId?: string;
}

/** One order's shipment on a real database, its carriers as given, and a clock that only moves when it is told to. */
export const createHarness = (pool: Pool, carriers: Carriers) => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = createLogger('shipping-test', { destination });
  let now = Date.now();
  const clock = { now: () => new Date(now).toISOString() };
  const store = createShipmentStore({ pool, events: createPostgresEventStore(pool), firstLookMs: 1000 });
  const quotes = createQuoteStore(pool);
  const tracking = createTrackingStore(pool);
  const orderId = randomUUID();
  const shipmentId = shipmentIdOf(orderId);
  const shipments = createShipments({ store, quotes, carriers, clock, logger, origin });
  const pace = { firstMs: 1000, maxMs: 4000, giveUpMs: 3_600_000 };
  const track = createTracking({ store: tracking, carriers, clock, logger, pace });
  const inTransaction = <T>(work: Parameters<typeof withTransaction<T>>[1]) => withTransaction(pool, work);
  const query = async (text: string, values: unknown[]) => (await pool.query(text, values)).rows;

  return {
    ...{ lines, clock, store, quotes, tracking, orderId, shipmentId, shipments, inTransaction },
    customerId: 'c-1',
    wait(seconds: number) {
      now += seconds * 1000;
    },
    /** A stored quote, as if the customer had asked for it. */
    async quoted({
      carrier = 'ups',
      service = '03',
      customerId = 'c-1',
      ...wish
    }: Wish = {}): Promise<string> {
      const quote: Quote = {
        ...{ id: randomUUID(), carrier, service, serviceName: service, parcels: 1 },
        cost: { amount: 899, currency: 'USD' },
      };
      const id = randomUUID();
      const validUntil = new Date(now + 3_600_000).toISOString();
      const answer = { id, groups: [], failures: [], validUntil, createdAt: clock.now() };
      const request = { id, customerId, address: wish.address ?? home, items: wish.items ?? items };
      await quotes.save({ request, key: randomUUID(), requestHash: '', answer }, [quote]);
      return quote.id;
    },
    request: (quoteId: string, customerId = 'c-1') =>
      inTransaction((client) => shipments.request({ orderId, customerId, quoteId }, client)),
    cancel: () => inTransaction((client) => shipments.cancel(orderId, client)),
    advance: () => shipments.advance(shipmentId),
    /** Lets time pass and does what is due until there is nothing left to do, or for `steps` steps. */
    async settle(steps = 20) {
      for (let i = 0; i < steps; i++) {
        const shipment = await store.load(shipmentId);
        if (!('dueAt' in shipment)) return;
        now = Math.max(now, Date.parse(shipment.dueAt));
        await shipments.advance(shipmentId);
      }
    },
    track: () => track(shipmentId),
    load: () => store.load(shipmentId),
    status: async () => (await store.load(shipmentId)).status,
    history: async (): Promise<string[]> =>
      (
        await query('select type from events where stream = $1 order by version', [`shipment-${shipmentId}`])
      ).map(({ type }) => type.replace('.v1', '')),
    sent: async (): Promise<{ id: string; type: string; data: Record<string, unknown> }[]> =>
      (await query('select event from outbox where key = $1 order by id', [orderId])).map(
        ({ event }) => event,
      ),
  };
};
export type Harness = ReturnType<typeof createHarness>;
