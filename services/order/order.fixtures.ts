import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authenticate } from '@platform/libs/http';
import {
  breaches,
  type CloudEvent,
  createEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
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
import { published } from './application/published';
import { defaultPatience } from './domain/checkout';
import { createOfferSource } from './gateways/offers';
import { createPriceSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createTokens } from './testTokens';

const logger = createLogger('order-test', { level: 'silent' });
export const tokens = createTokens();
export const patience = { ...defaultPatience, stockMs: 3_600_000, paymentMs: 3_600_000 };

/** Stands for the product, the shipping and the user service. */
export const product = {
  down: false,
  prices: new Map([
    ['prd-00001', 1999],
    ['prd-00002', 500],
  ]),
};
export const shipping = {
  down: false,
  /** By id; all were made to `c-1`. */
  offers: new Map<string, Offered>(),
};
interface Offered {
  cost: { amount: number; currency: string };
  comparable?: { amount: number; currency: string };
  validUntil?: string;
}
/** @returns the id of a new offer to `c-1`. */
export const offered = (offer: Offered = { cost: { amount: 700, currency: 'EUR' } }): string => {
  const id = randomUUID();
  shipping.offers.set(id, offer);
  return id;
};
let neighbour: Server;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
export let kafka: KafkaPort;
export let pool: Pool;
export let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
export const heard: CloudEvent[] = [];

/** As the shipping service answers whoever asks for what was offered to them. */
const answerShipping = (incoming: IncomingMessage, response: ServerResponse) => {
  const id = new URL(incoming.url ?? '', 'http://shipping').searchParams.get('quoteId') ?? '';
  const [, claims = ''] = incoming.headers.authorization?.split('.') ?? [];
  const mine = JSON.parse(Buffer.from(claims, 'base64url').toString()).sub === 'c-1';
  const { validUntil = '2999-01-01T00:00:00.000Z', ...offer } = shipping.offers.get(id) ?? {};
  const others = { id: randomUUID(), cost: { amount: 1, currency: 'EUR' } };
  const known = mine && shipping.offers.has(id);
  const items = known ? [{ groups: [{ quotes: [others] }, { quotes: [{ id, ...offer }] }], validUntil }] : [];
  response.statusCode = shipping.down ? 503 : 200;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ items }));
};

/** The service over a real broker and database, for the tests of one file. */
export const startOrders = async (): Promise<void> => {
  neighbour = createServer((incoming, response) => {
    if (incoming.url === '/.well-known/jwks.json') return response.end(JSON.stringify(tokens.jwks));
    if (incoming.url?.startsWith('/v1/shipping/')) return answerShipping(incoming, response);
    const id = decodeURIComponent(incoming.url?.split('/').at(-1) ?? '');
    const amount = product.prices.get(id);
    response.statusCode = product.down ? 503 : amount === undefined ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id, price: { amount, currency: 'EUR' } }));
  });
  await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}`;
  [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'order-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, RESERVATION_TOPIC, PAYMENT_TOPIC, SHIPMENT_TOPIC, USER_TOPIC]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await kafka.subscribe({
    groupId: 'listener',
    topics: [ORDER_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value)),
  });
  service = createService({
    pool,
    kafka,
    logger,
    version: 'v1',
    patience,
    authenticator: authenticate({ jwksUrl: `${baseUrl}/.well-known/jwks.json` }),
    prices: createPriceSource(
      createHttpClient({ name: 'product', baseUrl, timeoutMs: 500, breakAfter: 100 }),
    ),
    offers: createOfferSource(
      createHttpClient({ name: 'shipping', baseUrl, timeoutMs: 500, breakAfter: 100 }),
    ),
  });
  stop = await service.start();
};

/** Also looks whether everything it published is what it promised. */
export const stopOrders = async (): Promise<void> => {
  await stop?.();
  await kafka?.close();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
  neighbour?.close();
  expect(heard.flatMap((event) => breaches(published, event))).toEqual([]);
};

export const newKey = () => randomUUID();
export const cart = { items: [{ productId: 'prd-00001', quantity: 2 }], paymentMethod: 'pm_card_visa' };
export const post = (body: string | object = cart, { key = newKey(), customer = 'c-1' } = {}) =>
  request(service.app)
    .post('/v1/orders')
    .set('authorization', `Bearer ${tokens.token({ sub: customer })}`)
    .set('idempotency-key', key)
    .send(body);
export const get = (path: string, customer = 'c-1') =>
  request(service.app)
    .get(path)
    .set('authorization', `Bearer ${tokens.token({ sub: customer })}`);

export const until = async <T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  for (const deadline = Date.now() + 45_000; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not happen`);
};
export const asked = (orderId: string, type: string) =>
  until(type, () => heard.find((event) => event.subject === orderId && event.type === type));
export const tell = async (
  topic: string,
  type: string,
  data: { orderId: string; [more: string]: unknown },
  id?: string,
) => {
  const event = createEvent({ source: '/test', type, subject: data.orderId, data, id });
  await kafka.publish([{ topic, key: data.orderId, value: JSON.stringify(event) }]);
};
export const becomes = (orderId: string, status: string) =>
  until(`status ${status}`, async () => {
    const { body } = await get(`/v1/orders/${orderId}`);
    return body.status === status ? body : undefined;
  });
export const counts = async () => {
  const { rows } = await pool.query(
    `select (select count(*)::int from orders) as orders, (select count(*)::int from events) as events,
            (select count(*)::int from placements) as placements`,
  );
  return rows[0];
};
