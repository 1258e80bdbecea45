import { randomUUID } from 'node:crypto';
import { createEvent, createKafka, type KafkaPort } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { type OperationName, operationCommands } from '@platform/libs/service';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import request from 'supertest';
import {
  ORDER_TOPIC,
  PAYMENT_TOPIC,
  RESERVATION_TOPIC,
  SHIPMENT_TOPIC,
  USER_TOPIC,
} from './application/messages';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { salesByDay } from './storage/sales';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(90_000);

const logger = createLogger('order-test', { level: 'silent' });
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let kafka: KafkaPort;
let pool: Pool;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;

beforeAll(async () => {
  [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'order-test', logger });
  const topics = [ORDER_TOPIC, RESERVATION_TOPIC, PAYMENT_TOPIC, SHIPMENT_TOPIC, USER_TOPIC];
  await kafka.ensureTopics([...topics, ...topics.map((topic) => `${topic}.dlq`)]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  service = createService({
    ...{ pool, kafka, logger, version: 'v1' },
    authenticator: async () => ({ id: 'c-1', roles: [], scopes: ['orders:read', 'orders:write'] }),
    prices: {
      prices: async (ids) => new Map(ids.map((id) => [id, { amount: 1999, currency: 'EUR' }])),
    },
    offers: { offer: async () => undefined },
  });
  stop = await service.start();
}, 180_000);

afterAll(async () => {
  await stop?.();
  await kafka?.close();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
}, 30_000);

const operate = async <T>(name: OperationName, ...args: string[]): Promise<T> =>
  (await operationCommands[name]({ pool, operations: service.operations, args })) as T;
const place = async (): Promise<string> => {
  const items = [{ productId: 'prd-00001', quantity: 2 }];
  const answer = await request(service.app)
    .post('/v1/orders')
    .set('idempotency-key', randomUUID())
    .send({ items, paymentMethod: 'pm_card_visa' });
  return answer.body.id;
};
const tell = async (topic: string, type: string, data: { orderId: string; paymentId?: string }) => {
  const event = createEvent({ source: '/test', type, subject: data.orderId, data });
  await kafka.publish([{ topic, key: data.orderId, value: JSON.stringify(event) }]);
};
const until = async <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not happen`);
};
interface Story {
  events: { type: string; data: object; at: string }[];
  waiting: unknown[];
  deadLetters: { type: string; reason: string }[];
}
const today = () => new Date().toISOString().slice(0, 10);

let confirmed: string;
let cancelled: string;

test('an order can be traced from its placing to its end, in its own events', async () => {
  confirmed = await place();
  cancelled = await place();
  await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', { orderId: confirmed });
  await tell(RESERVATION_TOPIC, 'inventory.stock-rejected.v1', { orderId: cancelled });
  await until('the request for the payment', async () =>
    (await operate<Story>('trace', confirmed)).events.some(
      ({ type }) => type === 'PaymentAuthorisationRequested.v1',
    ),
  );
  const paid = { orderId: confirmed, paymentId: 'p-1' };
  await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
  await until('the request for the capture', async () =>
    (await operate<Story>('trace', confirmed)).events.some(
      ({ type }) => type === 'PaymentCaptureRequested.v1',
    ),
  );
  await tell(PAYMENT_TOPIC, 'payment.captured.v1', paid);
  const story = await until('the whole story', async () => {
    const found = await operate<Story>('trace', confirmed);
    return found.events.at(-1)?.type === 'OrderConfirmed.v1' && found.waiting.length === 0 && found;
  });
  expect(story.events.map(({ type }) => type)).toEqual([
    'OrderPlaced.v1',
    'StockReservationRequested.v1',
    'PaymentAuthorisationRequested.v1',
    'PaymentCaptureRequested.v1',
    'OrderConfirmed.v1',
  ]);
  expect(story.events[0]).toMatchObject({ data: { orderId: confirmed }, at: expect.stringMatching(/Z$/) });
  expect(story.deadLetters).toEqual([]);
});

test('an order that nobody knows has no story', async () => {
  expect(await operate('trace', randomUUID())).toEqual({ events: [], waiting: [], deadLetters: [] });
});

test('sales of a day are counted from the events, and the projection says how far it is behind', async () => {
  const [day] = await until('the sales', async () => {
    const days = await salesByDay(pool, today());
    return days[0]?.confirmed === 1 && days[0]?.cancelled === 1 && days;
  });
  expect(day).toEqual({
    ...{ day: today(), currency: 'EUR', placed: 2, confirmed: 1, cancelled: 1, revenue: 3998 },
  });
  const { text } = await request(service.app).get('/metrics');
  expect(text).toMatch(/^subscription_lag_seconds\{.*subscription="sales".*\} 0(\.\d+)?$/m);
});

test('sales made anew are the same again', async () => {
  await pool.query(`update sales set amount = 1, status = 'confirmed'`);
  expect(await operate('rebuild', 'sales')).toEqual({ projection: 'sales', events: expect.any(Number) });
  expect(await salesByDay(pool, today())).toMatchObject([{ confirmed: 1, cancelled: 1, revenue: 3998 }]);
});

test('a message that cannot be handled stands in the order’s story, and can be replayed', async () => {
  await tell(PAYMENT_TOPIC, 'payment.succeeded.v1', { orderId: confirmed });
  const story = await until('the dead letter', async () => {
    const found = await operate<Story>('trace', confirmed);
    return found.deadLetters.length > 0 && found;
  });
  expect(story.deadLetters).toMatchObject([
    { type: 'payment.succeeded.v1', reason: expect.stringContaining('paymentId') },
  ]);
  expect(await operate('dead-letters')).toMatchObject([{ subject: confirmed, handled: false }]);
  expect(await operate('replay', PAYMENT_TOPIC)).toMatchObject([
    { outcome: 'failed', reason: expect.stringContaining('paymentId') },
  ]);
});

test.each<[OperationName, string[], string]>([
  ['replay', ['nope'], "This service does not consume 'nope'"],
  ['replay', [], "This service does not consume ''"],
  ['dead-letters', [ORDER_TOPIC], `This service does not consume '${ORDER_TOPIC}'`],
  ['rebuild', ['nope'], "There is no projection 'nope' here"],
  ['trace', [], 'Usage: trace ID'],
])('%s %j is refused with what is known', async (name, args, message) => {
  await expect(operate(name, ...args)).rejects.toMatchObject({ message, code: 'COMMAND_REFUSED' });
});
