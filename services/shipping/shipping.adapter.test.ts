import { randomUUID } from 'node:crypto';
import type { Authenticator } from '@platform/libs/http';
import {
  type CloudEvent,
  createEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { ORDER_TOPIC, SHIPMENT_TOPIC, USER_TOPIC } from './application/messages';
import { createCarriers } from './gateways/carriers';
import { startSandbox } from './sandbox.fixtures';
import { createService, type ServiceDeps } from './service';
import { home, items, nowhere, origin } from './shipping.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);

const lines: string[] = [];
const logger = createLogger('shipping-test', {
  destination: { write: (line: string) => void lines.push(line) },
});
/** Whoever asks is who they say they are: tokens are the library's business, and tested there and in order. */
const authenticator: Authenticator = async (incoming) => ({
  id: incoming.headers.authorization ?? '',
  roles: [],
  scopes: ['shipments:read', 'shipments:write'],
});

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let kafka: KafkaPort;
let pool: Pool;
let deps: ServiceDeps;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
const heard: CloudEvent<Record<string, unknown>>[] = [];

beforeAll(async () => {
  [postgres, broker, sandbox] = await Promise.all([startPostgres(), startKafka(), startSandbox()]);
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'shipping-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, SHIPMENT_TOPIC, USER_TOPIC]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await kafka.subscribe({
    groupId: 'listener',
    topics: [SHIPMENT_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value) as (typeof heard)[number]),
  });
  deps = {
    ...{ pool, kafka, logger, authenticator, origin, version: 'v1', currency: 'USD' },
    carriers: createCarriers(sandbox.settings, { patienceMs: 1500, settleMs: 0 }),
    quoteValidityMs: 3_600_000,
    pace: { firstMs: 300, maxMs: 600, giveUpMs: 3_600_000 },
  };
  service = createService(deps);
  stop = await service.start();
}, 180_000);
afterAll(async () => {
  await stop?.();
  await kafka?.close();
  sandbox?.stop();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
}, 30_000);
beforeEach(() => sandbox.control('reset', {}));

const until = async <T>(what: string, look: () => T | undefined | false, ms = 45_000): Promise<T> => {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    const found = look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`${what} did not happen`);
};
const ask = (body: object = { address: home, items }, key: string = randomUUID(), customer = 'c-1') =>
  request(service.app)
    .post('/v1/shipping/quotes')
    .set({ authorization: customer, 'idempotency-key': key })
    .send(body);
const get = (path: string, customer = 'c-1') => request(service.app).get(path).set('authorization', customer);

interface Group {
  currency: string;
  ratesOf?: string;
  quotes: { id: string; carrier: string; cost: { amount: number }; comparable?: { amount: number } }[];
}
const carriersIn = (groups: Group[]) => [
  ...new Set(groups.flatMap(({ quotes }) => quotes.map((one) => one.carrier))),
];
const quoteOf = async (carrier: string): Promise<string> => {
  const { body } = await ask();
  return (body.groups as Group[]).flatMap(({ quotes }) => quotes).find((one) => one.carrier === carrier)!.id;
};

const say = async (type: string, data: { orderId: string } & Record<string, unknown>) => {
  const event = createEvent({ source: '/order-service', type, subject: data.orderId, data });
  await kafka.publish([{ topic: ORDER_TOPIC, key: data.orderId, value: JSON.stringify(event) }]);
};
const answers = (orderId: string) => heard.filter(({ subject }) => subject === orderId);
const answer = (orderId: string, type: string) =>
  until(`${type} for ${orderId}`, () => answers(orderId).find((event) => event.type === type));

describe('quotes', () => {
  it('are of all four carriers, the cheapest first among those that can be compared', async () => {
    const { status, body, headers } = await ask();
    expect(status).toBe(201);
    expect(body.failures).toEqual([]);
    expect(body.groups.map(({ currency }: Group) => currency)).toEqual(['USD', 'EUR']);
    expect(carriersIn(body.groups).sort()).toEqual(['dhl', 'fedex', 'ups', 'usps']);
    for (const { quotes } of body.groups as Group[]) {
      const amounts = quotes.map(({ cost }) => cost.amount);
      expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
    }
    const again = await get(headers.location as string);
    expect(again.body).toMatchObject({ id: body.id, groups: body.groups, address: home, items });
    expect((await get(headers.location as string, 'c-2')).status).toBe(404);
  });

  it('are found by the id of any of them, by whom they were made for', async () => {
    const { body } = await ask();
    for (const { quotes } of body.groups as Group[]) {
      const path = `/v1/shipping/quotes?quoteId=${quotes.at(-1)!.id}`;
      expect((await get(path)).body).toEqual({ items: [body] });
      expect((await get(path, 'c-2')).body).toEqual({ items: [] });
    }
    expect((await get(`/v1/shipping/quotes?quoteId=${randomUUID()}`)).body).toEqual({ items: [] });
    expect((await get('/v1/shipping/quotes')).status).toBe(400);
  });

  it('stand in one list where there are exchange rates, with the day of the rates', async () => {
    const rates = { date: '2026-10-01', base: 'USD', rates: { EUR: 0.9 } };
    const { app } = createService({ ...deps, rates });
    const { body } = await request(app)
      .post('/v1/shipping/quotes')
      .set({ authorization: 'c-1', 'idempotency-key': randomUUID() })
      .send({ address: home, items });
    expect(body.groups).toHaveLength(1);
    expect(body.groups[0]).toMatchObject({ currency: 'USD', ratesOf: '2026-10-01' });
    const amounts = (body.groups[0] as Group).quotes.map(
      ({ cost, comparable }) => (comparable ?? cost).amount,
    );
    expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
  });

  it('come without a carrier that is slow or fails, which is named and logged', async () => {
    await sandbox.fault('ups', 'slow', { on: 'rate' });
    await sandbox.fault('usps', 'error_500', { on: 'rate' });
    lines.length = 0;
    const started = Date.now();
    const { status, body } = await ask();
    // Each has 2 s, all at once.
    expect(Date.now() - started).toBeLessThan(3500);
    expect(status).toBe(201);
    expect(carriersIn(body.groups).sort()).toEqual(['dhl', 'fedex']);
    expect(body.failures).toEqual([
      { carrier: 'ups', reason: expect.stringMatching(/time_limit|no_answer/), retriable: true },
      { carrier: 'usps', reason: 'http_500', retriable: true },
    ]);
    const logged = lines
      .map((line) => JSON.parse(line))
      .filter(({ msg }) => msg === 'a carrier made no offer');
    expect(logged.map(({ carrier }) => carrier).sort()).toEqual(['ups', 'usps']);
  });

  it('leave out a carrier that does not take what is to be sent', async () => {
    const heavy = [{ ...items[0]!, quantity: 2, weightGrams: 20_000 }];
    const { body } = await ask({ address: home, items: heavy });
    expect(body.failures).toEqual([{ carrier: 'usps', reason: 'too_many_parcels', retriable: false }]);
  });

  it('to an address that is none are none, with the reasons', async () => {
    const { status, body } = await ask({ address: nowhere, items });
    expect([status, body.groups]).toEqual([201, []]);
    expect(body.failures.map(({ retriable }: { retriable: boolean }) => retriable)).toEqual(
      Array(4).fill(false),
    );
  });

  it('cannot be had while no carrier can be asked: nothing is stored, and the same request may go through later', async () => {
    for (const carrier of ['fedex', 'ups', 'dhl', 'usps'])
      await sandbox.fault(carrier, 'error_500', { on: 'rate' });
    const key = randomUUID();
    const { status, body } = await ask(undefined, key);
    expect([status, body.retriable]).toEqual([503, true]);
    expect((await ask(undefined, key)).status).toBe(201);
  });

  it('are the same under the same key, and another request under it is refused', async () => {
    const key = randomUUID();
    const [first, second] = await Promise.all([ask(undefined, key), ask(undefined, key)]);
    const third = await ask(undefined, key);
    expect(second.body).toEqual(first.body);
    expect(third.body).toEqual(first.body);
    const other = await ask({ address: { ...home, name: 'John Doe' }, items }, key);
    expect([other.status, other.body.type]).toEqual([
      422,
      'urn:ecommerce-platform:problem:idempotency-key-reused',
    ]);
    // Somebody else's key is another key.
    expect((await ask(undefined, key, 'c-2')).body.id).not.toBe(first.body.id);
  });

  it.each([
    ['a state that is none', { address: { ...home, state: 'New York' }, items }, '#/address/state'],
    ['no state where one is needed', { address: { ...home, state: undefined }, items }, '#/address/state'],
    [
      'a postal code that is none',
      { address: { ...home, postalCode: '1011' }, items },
      '#/address/postalCode',
    ],
    [
      'a line no label has room for',
      { address: { ...home, street: ['x'.repeat(36)] }, items },
      '#/address/street/0',
    ],
    ['nothing to send', { address: home, items: [] }, '#/items'],
    [
      'a weight of nothing',
      { address: home, items: [{ ...items[0], weightGrams: 0 }] },
      '#/items/0/weightGrams',
    ],
    [
      'a side that is missing',
      { address: home, items: [{ ...items[0], heightMm: undefined }] },
      '#/items/0/heightMm',
    ],
    ['an unknown field', { address: home, items, insured: true }, '#/insured'],
  ])('are refused for %s', async (_, body, pointer) => {
    const answered = await ask(body);
    expect(answered.status).toBe(400);
    expect(answered.body.errors).toContainEqual(expect.objectContaining({ in: 'body', pointer }));
  });

  it('are refused beyond a border that needs a declaration, and without a key', async () => {
    const abroad = { ...home, state: undefined, postalCode: '8001', country: 'CH' };
    const refused = await ask({ address: abroad, items });
    expect([refused.status, refused.body.type]).toEqual([
      422,
      'urn:ecommerce-platform:problem:destination-not-served',
    ]);
    const keyless = await request(service.app)
      .post('/v1/shipping/quotes')
      .set('authorization', 'c-1')
      .send({ address: home, items });
    expect([keyless.status, keyless.body.errors[0].in]).toEqual([400, 'headers']);
  });
});

describe('a shipment', () => {
  const order = async (carrier: string, orderId = randomUUID()) => {
    const quoteId = await quoteOf(carrier);
    await say('order.shipment-requested.v1', { orderId, customerId: 'c-1', quoteId });
    return { orderId, quoteId };
  };

  it.each(['fedex', 'ups', 'dhl', 'usps'])(
    'of %s is booked, told to the order, seen by its owner, and tracked',
    async (carrier) => {
      const { orderId, quoteId } = await order(carrier);
      const { data } = await answer(orderId, 'shipment.booked.v1');
      const [sold] = await sandbox.labels(carrier);
      expect(data).toEqual({
        ...{ orderId, shipmentId: expect.any(String), carrier, trackingNumber: sold!.id },
        estimatedDelivery: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        cost: { amount: expect.any(Number), currency: carrier === 'dhl' ? 'EUR' : 'USD' },
      });
      const { body } = await get(`/v1/shipments?orderId=${orderId}`);
      expect(body.items).toMatchObject([
        {
          id: data.shipmentId,
          orderId,
          status: 'booked',
          carrier,
          trackingNumber: sold!.id,
          tracking: { status: 'label_created' },
        },
      ]);
      expect((await get(`/v1/shipments?orderId=${orderId}`, 'c-2')).body.items).toEqual([]);

      const label = await get(`/v1/shipments/${data.shipmentId}/label`).responseType('blob');
      expect(label.status).toBe(200);
      expect(label.headers['cache-control']).toBe('no-store');
      expect(label.body.subarray(0, 4).toString()).toBe(carrier === 'ups' ? 'GIF8' : '%PDF');
      for (const path of ['', '/label', '/tracking']) {
        expect((await get(`/v1/shipments/${data.shipmentId}${path}`, 'c-2')).status).toBe(404);
      }

      await sandbox.control('move', { trackingNumber: sold!.id });
      const tracked = await answer(orderId, 'shipment.tracked.v1');
      expect(tracked.data).toMatchObject({ orderId, shipmentId: data.shipmentId, status: 'in_transit' });
      expect((await get(`/v1/shipments/${data.shipmentId}`)).body.tracking.status).toBe('in_transit');
      const { items: events } = (await get(`/v1/shipments/${data.shipmentId}/tracking`)).body;
      expect(events.map(({ status }: { status: string }) => status)).toEqual(
        carrier === 'dhl' ? ['in_transit'] : ['label_created', 'in_transit'],
      );

      await say('order.shipment-requested.v1', { orderId, customerId: 'c-1', quoteId });
      await until(
        'a second answer',
        () => answers(orderId).filter(({ type }) => type === 'shipment.booked.v1').length === 2,
      );
      expect(await sandbox.labels(carrier)).toHaveLength(1);
    },
  );

  it('is bought once although the answer to the purchase never comes', async () => {
    await sandbox.fault('ups', 'timeout_after_label');
    const { orderId } = await order('ups');
    await answer(orderId, 'shipment.booked.v1');
    expect(await sandbox.labels('ups')).toHaveLength(1);
  });

  it('is cancelled when the order wants none any more, and its label is given back', async () => {
    const { orderId } = await order('fedex');
    const { data } = await answer(orderId, 'shipment.booked.v1');
    await say('order.shipment-cancellation-requested.v1', { orderId });
    expect((await answer(orderId, 'shipment.cancelled.v1')).data).toEqual({
      orderId,
      shipmentId: data.shipmentId,
    });
    expect(await sandbox.labels('fedex')).toEqual([]);
    expect((await get(`/v1/shipments/${data.shipmentId}`)).body).toMatchObject({ status: 'cancelled' });
    expect((await get(`/v1/shipments/${data.shipmentId}/label`)).status).toBe(404);
  });

  it('whose cancellation came first is never bought', async () => {
    const orderId = randomUUID();
    await say('order.shipment-cancellation-requested.v1', { orderId });
    await answer(orderId, 'shipment.cancelled.v1');
    await order('ups', orderId);
    await until('a second answer', () => answers(orderId).length === 2);
    expect(answers(orderId)[1]!.type).toBe('shipment.cancelled.v1');
    expect(await sandbox.labels('ups')).toEqual([]);
  });

  it('fails by a quote of somebody else, and the order hears why', async () => {
    const orderId = randomUUID();
    const quoteId = await quoteOf('ups');
    await say('order.shipment-requested.v1', { orderId, customerId: 'c-2', quoteId });
    expect((await answer(orderId, 'shipment.failed.v1')).data).toEqual({ orderId, reason: 'quote_unknown' });
  });
});

it('hands out what is kept about a customer, to them', async () => {
  const customer = randomUUID();
  await ask(undefined, randomUUID(), customer);
  const { body, headers } = await get('/v1/shipments/personal-data', customer);
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toEqual({
    shipments: [],
    quotes: [{ id: expect.any(String), address: home, createdAt: expect.any(String) }],
  });
});

it('shows how many shipments need a person', async () => {
  const { text } = await request(service.app).get('/metrics');
  expect(text).toMatch(/^shipments_unresolved\S* \d+$/m);
});
