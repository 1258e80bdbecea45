import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outgoing } from '../application/ports';
import { createWebhookSender, outcomeOf, signatureOf } from './webhook';

// The example of Standard Webhooks' specification.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const clock = { now: () => '2030-01-01T00:00:00.000Z' };
const outgoing: Outgoing = {
  id: 'n-1',
  news: { kind: 'low-stock', data: { productId: 'p-1', available: 1, threshold: 2 } },
  message: { subject: 'Low stock: p-1', text: 'One left.\n' },
  createdAt: '2029-12-31T23:00:00.000Z',
};

test('the signature is the one of the published example', () => {
  expect(signatureOf(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test.each([
  [200, 'sent'],
  [204, 'sent'],
  [302, 'retriable'],
  [400, 'refused'],
  [408, 'retriable'],
  [410, 'refused'],
  [429, 'retriable'],
  [500, 'retriable'],
])('an answer of %i is %s', (status, kind) => {
  expect(outcomeOf(status).kind).toBe(kind);
});

describe('what is posted', () => {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  let answers = true;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      if (answers) response.writeHead(204).end();
    });
  });
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is signed, and has the same id at every try', async () => {
    const send = createWebhookSender({ url, secret, clock });
    expect([await send(outgoing), await send(outgoing)]).toEqual([{ kind: 'sent' }, { kind: 'sent' }]);
    const [first, second] = received;
    expect(second?.headers['webhook-id']).toBe('n-1');
    expect(first?.headers['webhook-signature']).toBe(
      signatureOf(secret, 'n-1', String(Date.parse(clock.now()) / 1000), first!.body),
    );
    expect(JSON.parse(first!.body)).toEqual({
      type: 'low-stock',
      timestamp: outgoing.createdAt,
      data: { ...outgoing.news.data, ...outgoing.message },
    });
  });

  it('is given up for now when nobody answers in time, or is there', async () => {
    answers = false;
    expect(await createWebhookSender({ url, secret, clock, timeoutMs: 50 })(outgoing)).toEqual({
      kind: 'retriable',
      reason: 'webhook_timeout',
    });
    const nowhere = createWebhookSender({ url: 'http://127.0.0.1:9/', secret, clock });
    expect(await nowhere(outgoing)).toEqual({ kind: 'retriable', reason: 'webhook_unreachable' });
  });
});
