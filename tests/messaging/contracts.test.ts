// What services promise each other by events: kept by those who publish, enough for those who read.
import {
  type Handler,
  INBOX_DAYS,
  incompatibilities,
  type JsonSchema,
  toJsonSchema,
} from '@platform/libs/messaging';
import { brokenContracts, readContracts, staleContracts } from '../../cli/schemas';
import { projectDir } from '../../cli/target';
import { loadCatalogue } from '../../infra/catalog/load';
import { deadLetterHours } from '../../infra/stacks/topics';
import { createHandlers as cartHandlers } from '../../services/cart/messaging/handlers';
import { createHandlers as inventoryHandlers } from '../../services/inventory/messaging/handlers';
import { createHandlers as notificationHandlers } from '../../services/notification/messaging/handlers';
import { createHandlers as orderHandlers } from '../../services/order/messaging/handlers';
import { createHandlers as paymentHandlers } from '../../services/payment/messaging/handlers';
import { createSearchHandlers as searchHandlers } from '../../services/product/messaging/search-consumer';
import { createStockHandlers as productHandlers } from '../../services/product/messaging/stock-consumer';
import { createHandlers as shippingHandlers } from '../../services/shipping/messaging/handlers';

const catalogue = loadCatalogue('production');
const contracts = readContracts(projectDir);
const promised = Object.fromEntries(contracts.flatMap(({ committed }) => Object.entries(committed)));

/** Their schemas are looked at, their work is not done. */
const none = {} as never;
const handlers: Record<string, Record<string, Handler>> = {
  cart: cartHandlers(none),
  inventory: inventoryHandlers(none),
  notification: notificationHandlers(none, none),
  order: orderHandlers(none, none),
  payment: paymentHandlers(none, none),
  product: { ...productHandlers(), ...searchHandlers(none, none) },
  shipping: shippingHandlers(none, none),
};

test('every service that produces a topic says what it publishes', () => {
  const producers = catalogue.filter(({ topics }) => topics.produces.length > 0).map(({ name }) => name);
  expect(contracts.map(({ service }) => service)).toEqual(producers);
});

test('no change breaks those who read what was promised', () => {
  expect(brokenContracts(contracts)).toEqual([]);
});

test('what is promised is what the code says; otherwise run: npx platform events schemas --write', () => {
  expect(staleContracts(contracts)).toEqual([]);
});

test('a type is named after its context and has a version', () => {
  const odd = Object.keys(promised).filter((type) => !/^[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9]\d*$/.test(type));
  expect(odd).toEqual([]);
});

test('every service that consumes a topic has its handlers looked at here', () => {
  const consumers = catalogue.filter(({ topics }) => topics.consumes.length > 0).map(({ name }) => name);
  expect(Object.keys(handlers)).toEqual(consumers);
});

/** Understood already, though nobody asks for them yet. */
const awaited = ['order.payment-refund-requested.v1'];

test('what is awaited is published by nobody yet; strike out what is', () => {
  expect(awaited.filter((type) => type in promised)).toEqual([]);
});

/** Producers are held to publish what their contract names and nothing beside it. */
const closed = (schema: JsonSchema): JsonSchema => {
  if (typeof schema === 'boolean' || !schema.properties) return schema;
  const properties = Object.entries(schema.properties).map(([name, each]) => [name, closed(each)]);
  return { additionalProperties: false, ...schema, properties: Object.fromEntries(properties) };
};

test('a consumer remembers what it has handled for longer than dead letters are kept', () => {
  expect(INBOX_DAYS * 24).toBeGreaterThan(deadLetterHours);
});

describe.each(Object.entries(handlers))('%s can read', (_service, known) => {
  const read = Object.entries(known).filter(([type]) => !awaited.includes(type));
  test.each(read)('every %s that its producer may publish', (type, { data }) => {
    expect(incompatibilities(toJsonSchema(data), closed(promised[type] ?? true))).toEqual([]);
  });
});
