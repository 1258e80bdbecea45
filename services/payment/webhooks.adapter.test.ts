// What PayPal's and Square's stand-ins send, read as the service reads it. Stripe's are in http.adapter.test.ts, with the whole service.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@platform/libs/testing';
import { type NotificationReader, NotificationRefused } from './application/ports';
import { contract, createJudge, itWithContracts, startRecorder } from './contracts.fixtures';
import { createPayPal } from './gateways/paypal';
import { createPayPalNotifications } from './gateways/paypalNotifications';
import { createSquareNotifications } from './gateways/squareNotifications';
import { connect, keys, type Sandboxes, startSandboxes, until } from './service.fixtures';

jest.setTimeout(30_000);

interface Sent {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const sent: Sent[] = [];
let receiver: Server;
let url: string;
let sandboxes: Sandboxes;
beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    sent.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((done) => receiver.once('listening', done));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/v1/webhooks`;
  sandboxes = await startSandboxes(url);
}, 60_000);
afterAll(() => {
  receiver?.closeAllConnections();
  receiver?.close();
  sandboxes?.stop();
});

type Options = { now?: () => number; apiUrl?: string };
const readers = {
  paypal: ({ apiUrl = sandboxes.urlOf('paypal'), ...more }: Options = {}) =>
    createPayPalNotifications({
      paypal: createPayPal({ ...keys.paypal, apiUrl: sandboxes.urlOf('paypal') }),
      ...{ webhookId: keys.paypal.webhookId, apiUrl, ...more },
    }),
  square: (more: Options = {}) =>
    createSquareNotifications({
      ...{ signatureKey: keys.square.signatureKey, url: `${url}/square`, ...more },
    }),
};
const good = { paypal: 'vault_card_ok', square: 'cnon:card-nonce-ok' };

const read = (reader: NotificationReader, { headers, body }: Pick<Sent, 'headers' | 'body'>) =>
  reader.read(body, headers as Record<string, string>);

describe.each(['paypal', 'square'] as const)('what %s sends', (name) => {
  const about = async (paymentId: string, what: RegExp) =>
    until('the webhook', () =>
      sent.find(({ path, body }) => {
        const text = body.toString();
        return path.endsWith(`/${name}`) && text.includes(paymentId) && what.test(text);
      }),
    );
  const taken = async () => {
    const gateway = connect[name](sandboxes.urlOf(name));
    const wanted = {
      ...{ paymentId: randomUUID(), orderId: randomUUID() },
      ...{ amount: { amount: 1999, currency: 'EUR' }, paymentMethod: good[name] },
    };
    const outcome = await gateway.authorise(wanted);
    const { transactionId } = outcome as { transactionId: string };
    const captured = (await gateway.capture({ ...wanted, transactionId })) as { id: string };
    return { paymentId: wanted.paymentId, transactionId, captureId: captured.id };
  };
  const AUTHORISED = /AUTHORIZATION\.CREATED|"APPROVED"/;
  const CAPTURED = /CAPTURE\.COMPLETED|"COMPLETED"/;

  it('is read once it is known to be theirs', async () => {
    const { paymentId, transactionId, captureId } = await taken();
    const authorised = await read(readers[name](), await about(paymentId, AUTHORISED));
    expect(authorised).toEqual({
      ...{ gateway: name, eventId: expect.any(String) },
      about: { paymentId, outcome: { kind: 'authorised', transactionId } },
    });
    const captured = await read(readers[name](), await about(paymentId, CAPTURED));
    expect(captured.about).toMatchObject({
      paymentId,
      outcome: { kind: 'captured', transactionId: captureId },
    });
    expect(captured.eventId).not.toBe(authorised.eventId);
  });

  it('is refused when it is forged, changed, or too old', async () => {
    const { paymentId } = await taken();
    const one = await about(paymentId, AUTHORISED);
    const signature = name === 'paypal' ? 'paypal-transmission-sig' : 'x-square-hmacsha256-signature';
    const other = await about((await taken()).paymentId, AUTHORISED);
    const wrong: Pick<Sent, 'headers' | 'body'>[] = [
      { ...one, headers: { ...one.headers, [signature]: 'AAAA' } },
      { ...one, headers: {} },
      { ...one, body: other.body },
      { ...one, body: Buffer.from(one.body.toString().replace(paymentId, randomUUID())) },
      { ...one, body: Buffer.from('nonsense') },
    ];
    for (const each of wrong) {
      await expect(read(readers[name](), each)).rejects.toBeInstanceOf(NotificationRefused);
    }
    const weekLater = () => Date.now() + 7 * 24 * 3600 * 1000;
    await expect(read(readers[name]({ now: weekLater }), one)).rejects.toThrow('too old');
    await expect(read(readers[name](), one)).resolves.toBeDefined();
  });
});

it('is neither taken nor refused while PayPal cannot be asked about its signature', async () => {
  const paypal = sent.find(({ path }) => path.endsWith('/paypal')) as Sent;
  const nobody = readers.paypal({ apiUrl: `http://127.0.0.1:${await freePort()}` });
  const error = await read(nobody, paypal).catch((thrown) => thrown);
  expect(error).toMatchObject({ message: 'fetch failed' });
  expect(error).not.toBeInstanceOf(NotificationRefused);
});

itWithContracts('paypal')('asks PayPal as PayPal has published', async () => {
  const recorder = await startRecorder(sandboxes.urlOf('paypal'));
  const paypal = sent.find(({ path }) => path.endsWith('/paypal')) as Sent;
  await read(readers.paypal({ apiUrl: recorder.url }), paypal);
  recorder.stop();
  expect(recorder.exchanges).toMatchObject([{ answered: { verification_status: 'SUCCESS' } }]);
  expect(
    recorder.exchanges.flatMap(createJudge(contract('paypal', 'notifications_webhooks_v1.json'))),
  ).toEqual([]);
});
