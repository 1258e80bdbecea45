import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { breaches, type CloudEvent, createKafka, type KafkaPort, parseEvent } from '@platform/libs/messaging';
import { createHttpClient } from '@platform/libs/resilience';
import { startKafka, type TestKafka } from '@platform/libs/testing';
import request from 'supertest';
import { USER_TOPIC } from './application/privacy';
import { published } from './application/published';
import { createPersonalDataSource } from './gateways/personal-data';
import { createService } from './service';
import { PASSWORD, startUserService, type UserService } from './user.fixtures';

jest.setTimeout(90_000);

let users: UserService;
let broker: TestKafka;
let kafka: KafkaPort;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
let neighbour: Server;
const heard: CloudEvent[] = [];
/** Stands for all other services. */
const neighbours = { status: 200, seen: [] as IncomingMessage[] };

beforeAll(async () => {
  [users, broker] = await Promise.all([startUserService(), startKafka()]);
  neighbour = createServer((incoming, response) => {
    neighbours.seen.push(incoming);
    response.statusCode = neighbours.status;
    response.end(JSON.stringify({ from: incoming.url }));
  });
  await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}`;
  kafka = createKafka({ brokers: broker.brokers, clientId: 'user-test', logger: users.logger });
  await kafka.ensureTopics([USER_TOPIC]);
  await kafka.subscribe({
    groupId: 'listener',
    topics: [USER_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value)),
  });
  const things = {
    cart: 'cart',
    order: 'orders',
    payment: 'payments',
    shipping: 'shipments',
    notification: 'notifications',
  };
  const sources = Object.entries(things).map(([name, plural]) =>
    createPersonalDataSource({
      ...{ name, path: `/v1/${plural}/personal-data` },
      client: createHttpClient({ name, baseUrl, attempts: 1, breakAfter: 100 }),
    }),
  );
  service = createService({ ...users.deps({ sources }), kafka });
  stop = await service.start();
}, 180_000);
afterAll(async () => {
  await stop?.();
  await kafka?.close();
  neighbour?.close();
  await Promise.all([users?.stop(), broker?.stop()]);
}, 30_000);
beforeEach(() => {
  neighbours.status = 200;
});

const personalData = (token: string) =>
  request(service.app).get('/v1/users/me/personal-data').set('authorization', `Bearer ${token}`);
const erase = (token: string, password = PASSWORD, code?: string) =>
  request(service.app)
    .post('/v1/users/me/erasure')
    .set('authorization', `Bearer ${token}`)
    .send({ password, code });

describe('personal data', () => {
  it('is everything that is kept, of all services, asked for with my own token', async () => {
    const { id, email, token } = await users.customer('export@example.org');
    const { status, body, headers } = await personalData(token);
    expect(status).toBe(200);
    expect(headers['content-disposition']).toBe('attachment; filename="personal-data.json"');
    expect(body).toMatchObject({
      exportedAt: expect.any(String),
      user: {
        profile: { id, email, name: 'Jane Doe', roles: ['customer'] },
        secondFactor: false,
        sessions: [{ id: expect.any(String) }],
        audit: [{ actor: id, action: 'user.exported' }],
      },
      cart: { from: '/v1/cart/personal-data' },
      order: { from: '/v1/orders/personal-data' },
      payment: { from: '/v1/payments/personal-data' },
      shipping: { from: '/v1/shipments/personal-data' },
      notification: { from: '/v1/notifications/personal-data' },
    });
    expect(JSON.stringify(body)).not.toMatch(/argon2|digest|secret_/);
    expect(neighbours.seen.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
  });

  it.each([
    [503, 503],
    [404, 503],
    [403, 403],
  ])('is not given in part: when a service answers %i, the answer is %i', async (theirs, ours) => {
    const { token } = await users.customer(`part-${theirs}@example.org`);
    neighbours.status = theirs;
    const answer = await personalData(token);
    expect([answer.status, answer.body.user]).toEqual([ours, undefined]);
  });
});

describe('erasure', () => {
  it('needs the password', async () => {
    const { token } = await users.customer('still-here@example.org');
    expect((await erase(token, 'wrong')).status).toBe(403);
    expect((await users.call('get', '/v1/users/me', token)).status).toBe(200);
  });

  it('leaves nothing here that tells who it was, and tells the other services', async () => {
    const { id, email, token, session } = await users.customer('forgotten@example.org');
    const { next } = await users.enrol(token);
    expect((await erase(token)).body.type).toContain('code-required');
    expect((await erase(token, PASSWORD, next())).status).toBe(204);

    expect((await users.call('get', '/v1/users/me', token)).status).toBe(401);
    expect((await users.login(email)).status).toBe(401);
    const refreshed = await users.call('post', '/v1/sessions/refresh', undefined, {
      refreshToken: session.refreshToken,
    });
    expect(refreshed.status).toBe(401);
    const { rows } = await users.pool.query(
      `select concat((select json_agg(t) from users t), (select json_agg(t) from sessions t where user_id = $1),
         (select json_agg(t) from audit t)) as text`,
      [id],
    );
    expect(rows[0].text).not.toContain('forgotten');
    expect(rows[0].text).toContain('user.erased');

    while (!heard.some(({ subject }) => subject === id)) await new Promise((done) => setTimeout(done, 25));
    expect(heard.filter(({ subject }) => subject === id)).toMatchObject([
      { type: 'user.erased.v1', source: '/user-service', data: { userId: id } },
    ]);
    expect(heard.flatMap((event) => breaches(published, event))).toEqual([]);
  });

  it('frees the address, and does not confuse the next who has it', async () => {
    const first = await users.customer('again@example.org');
    await erase(first.token);
    const second = await users.customer('again@example.org');
    expect(second.id).not.toBe(first.id);
  });

  it('is refused to the last administrator', async () => {
    const { id, token } = await users.customer('boss@example.org');
    await users.pool.query(`update users set roles = '{customer,admin}' where id = $1`, [id]);
    const answer = await erase(token);
    expect([answer.status, answer.body.type.split(':').at(-1)]).toEqual([409, 'last-admin']);
  });
});

test('sessions and codes that ended long ago are forgotten', async () => {
  await users.customer('prune@example.org');
  users.wait(43 * 24 * 3_600_000);
  await service.prune();
  expect((await users.pool.query('select 1 from sessions')).rowCount).toBe(0);
});
