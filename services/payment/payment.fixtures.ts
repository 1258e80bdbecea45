// A payment service without HTTP and Kafka: the real database, gateways that do as they are told, a clock that tests move. For tests only.
import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { createPostgresEventStore } from '@platform/libs/eventstore';
import { createEvent } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { createGateways } from './application/gateways';
import { paymentIdOf } from './application/ids';
import { createPayments } from './application/payments';
import type { GatewayName, PaymentGateway } from './application/ports';
import type { Outcome } from './domain/charging';
import type { Settled } from './domain/settling';
import { createHandlers } from './messaging/handlers';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createPaymentStore } from './storage/paymentStore';

const silent = createLogger('payment-test', { level: 'silent' });
export const held: Outcome = { kind: 'authorised', transactionId: 'pi_1' };
export const taken: Settled = { kind: 'done', id: 'pi_1' };

const unexpected = async (): Promise<never> => {
  throw new Error('not expected here');
};

/** A gateway that fails the test by whatever is not given. */
export const gatewayThat = (name: GatewayName, does: Partial<PaymentGateway>): PaymentGateway => ({
  ...{ name, authorise: unexpected, find: unexpected, capture: unexpected },
  ...{ void: unexpected, refund: unexpected, movements: unexpected, ...does },
});

/** One payment, on its way through the service. */
const createHarness = (pool: Pool, gateway: Partial<PaymentGateway>, others: PaymentGateway[]) => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  let now = Date.parse('2030-01-01T00:00:00.000Z');
  const clock = { now: () => new Date(now).toISOString() };
  const store = createPaymentStore({ pool, events: createPostgresEventStore(pool) });
  const orderId = randomUUID();
  const paymentId = paymentIdOf(orderId);
  const payments = createPayments({
    store,
    gateways: createGateways([gatewayThat('stripe', gateway), ...others], {
      breakAfter: 4,
      breakForMs: 60_000,
    }),
    clock,
    logger: createLogger('payment-test', { destination }),
    transaction: (work) => withTransaction(pool, work),
  });
  const wish: Parameters<typeof payments.request>[0] = {
    orderId,
    customerId: 'c-1',
    amount: { amount: 1000, currency: 'EUR' },
    methods: [{ gateway: 'stripe', paymentMethod: 'pm_card_visa' }],
    capture: 'on_request',
  };
  const handlers = createHandlers(payments, {
    request: unexpected,
    carryOut: unexpected,
    start: () => unexpected,
  });
  return {
    wish,
    payments,
    store,
    clock,
    paymentId,
    lines,
    wait: (seconds: number) => {
      now += seconds * 1000;
    },
    request: () => withTransaction(pool, (client) => payments.request(wish, client)),
    advance: () => payments.advance(paymentId),
    /** What an order says, as it comes in. */
    hear: (type: string, data: object = {}) =>
      withTransaction(pool, async (client) => {
        const event = createEvent({
          source: '/order-service',
          type,
          subject: orderId,
          data: { orderId, ...data },
        });
        const found = handlers[type];
        const parsed = found?.data.parse(event.data);
        await found?.handle({ ...event, data: parsed }, { client, logger: silent, attempt: 1 });
      }),
    notify: (eventId: string, outcome: Outcome) =>
      payments.notified({ gateway: 'stripe', eventId, about: { paymentId, outcome } }),
    status: async () => (await store.load(paymentId)).status,
    history: async (): Promise<string[]> =>
      (
        await pool.query('select type from events where stream = $1 order by version', [
          `payment-${paymentId}`,
        ])
      ).rows.map((row) => row.type),
    sent: async (): Promise<string[]> =>
      (
        await pool.query(`select event->>'type' as type from outbox where key = $1 order by id`, [orderId])
      ).rows.map((row) => row.type),
  };
};

export const startPayments = async () => {
  const postgres = await startPostgres();
  const pool = createPool({ url: await postgres.createDatabase() });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  return {
    pool,
    harness: (gateway: Partial<PaymentGateway>, ...others: PaymentGateway[]) =>
      createHarness(pool, gateway, others),
    /** What was written to the outbox about an order, with what it says. */
    outbox: async (orderId: string): Promise<{ type: string; data: object }[]> =>
      (await pool.query('select event from outbox where key = $1 order by id', [orderId])).rows.map(
        ({ event }) => ({ type: event.type, data: event.data }),
      ),
    async stop() {
      await pool.end();
      await postgres.stop();
    },
  };
};
