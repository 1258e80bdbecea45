import { randomUUID } from 'node:crypto';
import type { Authenticator } from '@platform/libs/http';
import { type CloudEvent, createEvent, createKafka, type KafkaPort } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { UpstreamError } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { systemClock } from './application/ports';
import {
  createReactions,
  ORDER_TOPIC,
  SHIPMENT_TOPIC,
  STOCK_TOPIC,
  USER_TOPIC,
} from './application/reactions';
import { createSmtpSender } from './gateways/smtp';
import { createWebhookSender, signatureOf } from './gateways/webhook';
import { createHandlers } from './messaging/handlers';
import { createSandbox } from './sandbox.fixtures';
import { channelsOf, createService, type ServiceDeps } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);

const secret = `whsec_${Buffer.from('marker: nobody may log this').toString('base64')}`;
const staffEmail = 'staff@shop.example';
const lines: string[] = [];
const logger = createLogger('notification-test', {
  ...{ level: 'trace', destination: { write: (line: string) => void lines.push(line) } },
});
/** Whoever asks is who they say they are: tokens are the library's business, and tested there and in order. */
const authenticator: Authenticator = async (incoming) => ({
  id: incoming.headers.authorization ?? '',
  roles: [],
  scopes: ['notifications:read'],
});

/** The user service's accounts. */
const accounts = new Map<string, string>();
let usersAway = false;

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let sandbox: Awaited<ReturnType<typeof createSandbox>>;
let kafka: KafkaPort;
let pool: Pool;
let deps: ServiceDeps;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;

beforeAll(async () => {
  [postgres, broker, sandbox] = await Promise.all([startPostgres(), startKafka(), createSandbox()]);
  await sandbox.start();
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'notification-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, SHIPMENT_TOPIC, STOCK_TOPIC, USER_TOPIC]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  deps = {
    ...{ pool, kafka, logger, authenticator, staffEmail, version: 'v1' },
    senders: {
      email: createSmtpSender({
        ...{ url: sandbox.smtpUrl, tls: 'none', from: 'The Shop <orders@shop.example>', timeoutMs: 3000 },
      }),
      webhook: createWebhookSender({ url: sandbox.webhookUrl, secret, clock: systemClock }),
    },
    async addresses(customerId) {
      if (usersAway) throw new UpstreamError('user', 'cannot be reached', true);
      return accounts.get(customerId) ?? 'gone';
    },
    pace: { attempts: 200, firstPauseMs: 100, maxPauseMs: 300 },
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

const until = async <T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  ms = 45_000,
): Promise<T> => {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what} did not happen`);
};
const get = (path: string, customer: string) => request(service.app).get(path).set('authorization', customer);
interface View {
  id: string;
  kind: string;
  orderId: string;
  status: string;
  reason?: string;
}
const listed = async (customer: string): Promise<View[]> =>
  (await get('/v1/notifications', customer)).body.items;

const said: string[] = [];
const publish = (topic: string, event: CloudEvent) => {
  // As the inbox knows it.
  said.push(`${event.source} ${event.id}`);
  return kafka.publish([{ topic, key: event.subject, value: JSON.stringify(event) }]);
};
type About = { orderId: string } & Record<string, unknown>;
const order = (type: string, data: About) =>
  createEvent({ source: '/order-service', type: `order.${type}.v1`, subject: data.orderId, data });
const shipment = (type: string, data: About) =>
  createEvent({ source: '/shipping-service', type: `shipment.${type}.v1`, subject: data.orderId, data });
const total = { amount: 1299, currency: 'USD' };

/** Somebody with an account who has placed an order. */
const buyer = async (local = `jane-${randomUUID()}`) => {
  const [customerId, orderId, shipmentId] = [randomUUID(), randomUUID(), randomUUID()];
  const email = `${local}@customer.example`;
  accounts.set(customerId, email);
  await publish(ORDER_TOPIC, order('placed', { orderId, customerId, items: [], total }));
  const booking = { orderId, shipmentId, carrier: 'ups', trackingNumber: '1Z', estimatedDelivery: null };
  return {
    ...{ customerId, orderId, email },
    confirm: () => publish(ORDER_TOPIC, order('confirmed', { orderId })),
    cancel: () => publish(ORDER_TOPIC, order('cancelled', { orderId, reason: 'payment_declined' })),
    book: () => publish(SHIPMENT_TOPIC, shipment('booked', { ...booking, cost: total })),
    track: (status: string) =>
      publish(
        SHIPMENT_TOPIC,
        shipment('tracked', { orderId, shipmentId, status, at: systemClock.now(), description: status }),
      ),
    mails: () => sandbox.mails(email),
    /** The one notification of that kind, once it is in that state. */
    settled: (kind: string, status: string) =>
      until(`${kind} is ${status}`, async () =>
        (await listed(customerId)).find((one) => one.kind === kind && one.status === status),
      ),
  };
};
/** When all that was said so far has been heard, and what is due was tried. */
const caughtUp = async () => {
  const wanted = new Set(said).size;
  await until('catching up', async () => {
    const { rows } = await pool.query('select count(*)::int as n from inbox where event_id = any($1)', [
      said,
    ]);
    return rows[0].n === wanted;
  });
  await until('the last due one', async () => {
    const { rowCount } = await pool.query('select 1 from notifications where due_at is not null');
    return rowCount === 0;
  });
};

describe('a confirmed order', () => {
  it('is one mail, although the event comes twice, and another says the same', async () => {
    const one = await buyer();
    const confirmed = order('confirmed', { orderId: one.orderId });
    await publish(ORDER_TOPIC, confirmed);
    await publish(ORDER_TOPIC, confirmed);
    await one.confirm();
    const { id } = await one.settled('order-confirmed', 'sent');
    await caughtUp();
    expect(await one.mails()).toEqual([
      {
        ...{ from: 'orders@shop.example', to: [one.email], messageId: `<${id}@shop.example>` },
        subject: `Your order ${one.orderId} is confirmed`,
        text: expect.stringContaining('Total: 12.99 USD'),
      },
    ]);
  });

  it('is followed by its parcel, which nobody hears of before, and which shipping may speak of twice', async () => {
    const one = await buyer();
    await one.book();
    await caughtUp();
    expect(await one.mails()).toEqual([]);
    await one.confirm();
    await one.settled('shipment-booked', 'sent');
    await one.settled('order-confirmed', 'sent');
    await one.book();
    await one.track('in_transit');
    await one.track('delivered');
    await one.settled('shipment-delivered', 'sent');
    expect((await one.mails()).map(({ subject }) => subject.replace(one.orderId, 'X')).sort()).toEqual([
      'Your order X is being sent',
      'Your order X is confirmed',
      'Your order X was delivered',
    ]);
  });

  it('is told about once by two instances', async () => {
    const one = await buyer();
    await one.confirm();
    await one.settled('order-confirmed', 'sent');
    await pool.query(
      `update notifications set status = 'pending', attempts = 0, due_at = now() where recipient = $1`,
      [one.customerId],
    );
    await Promise.all([service.deliverDue(), createService(deps).deliverDue()]);
    await one.settled('order-confirmed', 'sent');
    // The first, and the one that was asked for again; as the same message.
    const mails = await one.mails();
    expect([mails.length, new Set(mails.map(({ messageId }) => messageId)).size]).toEqual([2, 1]);
  });
});

it('tells of a cancelled order why, and never of its parcel', async () => {
  const one = await buyer();
  await one.book();
  await caughtUp();
  await one.cancel();
  await one.settled('order-cancelled', 'sent');
  await one.book();
  await caughtUp();
  expect(await one.mails()).toMatchObject([{ text: expect.stringContaining('Your payment was declined.') }]);
});

describe('what cannot be sent', () => {
  it('waits for the mail server, and goes once when it is back', async () => {
    const one = await buyer();
    sandbox.stop();
    await one.confirm();
    await until('a second try', async () => {
      const { rows } = await pool.query('select attempts, reason from notifications where recipient = $1', [
        one.customerId,
      ]);
      return rows[0]?.attempts >= 2 && /^smtp_e(socket|connection|connrefused)$/.test(rows[0].reason);
    });
    expect((await listed(one.customerId))[0]).toMatchObject({ status: 'pending' });
    await sandbox.start();
    await one.settled('order-confirmed', 'sent');
    expect(await one.mails()).toHaveLength(1);
  });

  it('for good is failed, with a reason that names nobody', async () => {
    const one = await buyer(`refused+${randomUUID()}`);
    await one.confirm();
    expect(await one.settled('order-confirmed', 'failed')).toMatchObject({ reason: 'smtp_550' });
    const { rows } = await pool.query('select attempts, due_at from notifications where recipient = $1', [
      one.customerId,
    ]);
    expect(rows).toEqual([{ attempts: 1, due_at: null }]);
  });

  it('because the account is gone is dropped; because nobody can be asked, it waits', async () => {
    const gone = await buyer();
    accounts.delete(gone.customerId);
    await gone.confirm();
    expect(await gone.settled('order-confirmed', 'failed')).toMatchObject({ reason: 'account_gone' });

    const one = await buyer();
    usersAway = true;
    try {
      await one.confirm();
      await until('a try', async () => (await listed(one.customerId))[0]?.reason === 'address_unknown');
    } finally {
      usersAway = false;
    }
    await one.settled('order-confirmed', 'sent');
  });

  it('is counted', async () => {
    const { text } = await request(service.app).get('/metrics');
    for (const outcome of ['sent', 'retry', 'failed', 'undeliverable'])
      expect(text).toMatch(
        new RegExp(`notifications_total\\{kind="order-confirmed",channel="email",outcome="${outcome}"\\}`),
      );
  });
});

describe('staff', () => {
  it('hears of low stock once, by a signed webhook and by mail', async () => {
    const reactions = createReactions({
      ...{ store: service.store, clock: systemClock },
      channels: channelsOf(deps),
    });
    const handlers = createHandlers(reactions, service.erasures);
    const productId = `prd-${randomUUID()}`;
    const low = createEvent({
      ...{ source: '/inventory-service', type: 'inventory.low-stock.v1', subject: productId },
      data: { productId, available: 2, threshold: 5 },
    });
    const hear = () =>
      withTransaction(pool, (client) =>
        handlers['inventory.low-stock.v1']!.handle(low, { client, logger, attempt: 1 }),
      );
    await hear();
    const about = async () => (await sandbox.webhooks()).filter(({ body }) => body.includes(productId));
    const mails = async () =>
      (await sandbox.mails(staffEmail)).filter(({ subject }) => subject === `Low stock: ${productId}`);
    await until('both', async () => (await about()).length > 0 && (await mails()).length > 0);
    await hear();
    await caughtUp();
    const [hook, ...others] = await about();
    expect(others).toEqual([]);
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = hook!.headers;
    expect(signature).toBe(signatureOf(secret, id!, at!, hook!.body));
    expect(JSON.parse(hook!.body)).toMatchObject({
      type: 'low-stock',
      data: { productId, available: 2, threshold: 5, subject: `Low stock: ${productId}` },
    });
    expect(await mails()).toHaveLength(1);
  });
});

describe('a customer', () => {
  it('sees their own, newest first and page by page', async () => {
    const one = await buyer();
    await one.confirm();
    await one.settled('order-confirmed', 'sent');
    await one.book();
    await one.settled('shipment-booked', 'sent');
    const { body: first } = await get('/v1/notifications?limit=1', one.customerId);
    expect(first.items).toMatchObject([
      { kind: 'shipment-booked', orderId: one.orderId, channel: 'email', status: 'sent' },
    ]);
    const { body: second } = await get(
      `/v1/notifications?limit=1&cursor=${first.nextCursor}`,
      one.customerId,
    );
    expect(second.items.map(({ kind }: View) => kind)).toEqual(['order-confirmed']);
    expect(second.nextCursor).toBeNull();
    expect(await listed('somebody else')).toEqual([]);
    const { body: mine } = await get('/v1/notifications/personal-data', one.customerId);
    expect(mine.notifications.map(({ kind }: View) => kind)).toEqual(['order-confirmed', 'shipment-booked']);
    expect(mine.orders).toEqual([{ orderId: one.orderId, total }]);
    expect((await get('/v1/notifications?cursor=abc', one.customerId)).status).toBe(400);
  });

  it('who was erased leaves nothing behind, and is told nothing more', async () => {
    const one = await buyer();
    await one.confirm();
    await one.settled('order-confirmed', 'sent');
    await caughtUp();
    accounts.delete(one.customerId);
    const erased = createEvent({
      ...{ source: '/user-service', type: 'user.erased.v1', subject: one.customerId },
      data: { userId: one.customerId },
    });
    await publish(USER_TOPIC, erased);
    await until('the erasure', async () => (await listed(one.customerId)).length === 0);
    await one.book();
    await caughtUp();
    const { rows } = await pool.query(
      `select coalesce(json_agg(o)::text, '') || coalesce((select json_agg(n)::text from notifications n), '') as text,
         (select count(*)::int from notifications where about = $1) as about from orders o`,
      [one.orderId],
    );
    expect(rows[0].text).not.toContain(one.customerId);
    expect(rows[0].about).toBe(0);
    expect((await get('/v1/notifications/personal-data', one.customerId)).body).toEqual({
      ...{ notifications: [], orders: [] },
    });
  });
});

it('says nothing in plain text to a mail server that is to encrypt', async () => {
  const url = sandbox.smtpUrl;
  const login = { user: 'name', pass: 'marker' };
  const send = createSmtpSender({
    url,
    tls: 'required',
    login,
    from: 'orders@shop.example',
    timeoutMs: 3000,
  });
  const news = { kind: 'low-stock', data: { productId: 'p', available: 0, threshold: 1 } } as const;
  const message = { subject: 'x', text: 'x' };
  const to = `${randomUUID()}@customer.example`;
  const outcome = await send({ id: randomUUID(), news, message, createdAt: systemClock.now(), to });
  expect(outcome).toEqual({ kind: 'retriable', reason: expect.stringMatching(/^smtp_/) });
  expect(await sandbox.mails(to)).toEqual([]);
});

it('keeps and logs no address and no secret', async () => {
  const { rows } = await pool.query(
    `select (select json_agg(n)::text from notifications n) || (select json_agg(o)::text from orders o) as text`,
  );
  const log = lines.join('');
  expect(log).toContain('a notification was sent');
  for (const text of [rows[0].text, log]) {
    expect(text).not.toMatch(/@|customer\.example|%40/);
    expect(text).not.toContain(secret.slice(6));
  }
});

it('forgets what is old', async () => {
  const one = await buyer();
  await one.confirm();
  await one.settled('order-confirmed', 'sent');
  await service.store.prune(new Date(Date.now() + 1000).toISOString());
  expect(await listed(one.customerId)).toEqual([]);
});
