import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox } from './app';
import { Store } from './store';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

interface Setup {
  folder?: string;
  limit?: number;
  now?: () => number;
}

const start = async ({ folder, limit = 100, now }: Setup = {}) => {
  const { app, close } = createSandbox({ store: new Store(limit, folder), stepMs: 60_000, now });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    close();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: four carriers' answers, looked into by path
    return { status: response.status, body: (await response.json()) as any };
  };
  const form = { grant_type: 'client_credentials', client_id: 'id', client_secret: 'secret' };
  const bearer = async (path: string) => {
    const { body } = await call('POST', path, form);
    return { authorization: `Bearer ${body.access_token}` };
  };
  const labels = async () => (await call('GET', '/_sandbox/labels')).body.labels;
  return { url, call, bearer, labels };
};

const basic = {
  authorization: `Basic ${Buffer.from('name:secret').toString('base64')}`,
  'x-version': '3.1.1',
};
const dhlOrder = (reference = 'r-1', productCode = 'N') => ({
  productCode,
  customerReferences: [{ value: reference, typeCode: 'CU' }],
  customerDetails: {
    receiverDetails: { postalAddress: { postalCode: '10118', cityName: 'New York', countryCode: 'US' } },
  },
  content: { packages: [{ weight: 1 }] },
});
const uspsOrder = {
  toAddress: { streetAddress: '350 5th Ave', city: 'New York', state: 'NY', ZIPCode: '10118' },
  fromAddress: { ZIPCode: '43004' },
  packageDescription: { mailClass: 'PRIORITY_MAIL', weight: 2 },
};

describe('a token', () => {
  it('is given for credentials, and nothing is sold without one', async () => {
    const { call, bearer } = await start();
    const path = '/prices/v3/base-rates-list/search';
    const query = {
      originZIPCode: '43004',
      destinationZIPCode: '10118',
      weight: 1,
      length: 9,
      width: 5,
      height: 3,
    };
    expect((await call('POST', path, query)).status).toBe(401);
    expect((await call('POST', '/oauth2/v3/token', { grant_type: 'client_credentials' })).status).toBe(401);
    const { status, body } = await call('POST', path, query, await bearer('/oauth2/v3/token'));
    expect(status).toBe(200);
    expect(body.rateOptions).toHaveLength(3);
  });

  it('of one carrier is nothing to another', async () => {
    const { call, bearer } = await start();
    const usps = await bearer('/oauth2/v3/token');
    expect((await call('PUT', '/ship/v1/shipments/cancel', { trackingNumber: '1' }, usps)).status).toBe(401);
  });
});

describe('a label', () => {
  it('is bought anew by every request, where a carrier has no idempotency keys', async () => {
    const { call, labels } = await start();
    const first = await call('POST', '/mydhlapi/shipments', dhlOrder(), basic);
    await call('POST', '/mydhlapi/shipments', dhlOrder(), basic);
    expect(first.status).toBe(201);
    expect(await labels()).toHaveLength(2);
    const found = await call('GET', '/mydhlapi/tracking?shipmentReference=r-1', undefined, basic);
    expect(found.body.shipments[0].shipmentTrackingNumber).toBe(first.body.shipmentTrackingNumber);
  });

  it('is bought once under one key, where it has them', async () => {
    const { call, bearer, labels } = await start();
    const token = await bearer('/oauth2/v3/token');
    const roles = [{ roleName: 'PAYER', CRID: '1', accountNumber: '2' }];
    const { body } = await call('POST', '/payments/v3/payment-authorization', { roles }, token);
    const headers = { ...token, 'x-payment-authorization-token': body.paymentAuthorizationToken };
    const keyed = { ...headers, 'x-idempotency-key': 'k-1' };
    expect((await call('POST', '/labels/v3/label', uspsOrder, token)).status).toBe(401);
    const first = await call('POST', '/labels/v3/label', uspsOrder, keyed);
    const again = await call('POST', '/labels/v3/label', uspsOrder, keyed);
    expect(again.body.trackingNumber).toBe(first.body.trackingNumber);
    expect(await labels()).toHaveLength(1);
    const printed = await call('POST', '/labels/v3/label-reprint', {}, keyed);
    expect(printed.body.labelMetadata.trackingNumber).toBe(first.body.trackingNumber);
    const cancelled = await call(
      'DELETE',
      `/labels/v3/label/${first.body.trackingNumber}`,
      undefined,
      headers,
    );
    expect(cancelled.body).toMatchObject({ status: 'CANCELED' });
    expect((await call('POST', '/labels/v3/label-reprint', {}, keyed)).status).toBe(400);
  });

  it('is refused for an address that is none, in the words of the carrier', async () => {
    const { call } = await start();
    const order = dhlOrder();
    order.customerDetails.receiverDetails.postalAddress.postalCode = '00000';
    const { status, body } = await call('POST', '/mydhlapi/shipments', order, basic);
    expect([status, body.status]).toEqual([422, '996']);
  });
});

describe('a parcel', () => {
  it('moves on with time, or by hand', async () => {
    let now = Date.UTC(2030, 0, 1);
    const { call } = await start({ now: () => now });
    const { body } = await call('POST', '/mydhlapi/shipments', dhlOrder(), basic);
    const number = body.shipmentTrackingNumber;
    const codes = async () => {
      const tracked = await call('GET', `/mydhlapi/shipments/${number}/tracking`, undefined, basic);
      return tracked.body.shipments[0].events.map(({ typeCode }: { typeCode: string }) => typeCode);
    };
    expect(await codes()).toEqual([]);
    now += 130_000;
    expect(await codes()).toEqual(['PU', 'DF']);
    for (let i = 0; i < 4; i++) await call('POST', '/_sandbox/move', { trackingNumber: number });
    expect(await codes()).toEqual(['PU', 'DF', 'WC', 'OK']);
  });
});

describe('a fault', () => {
  it('hits the next fitting request to its carrier', async () => {
    const { call, labels } = await start();
    await call('POST', '/_sandbox/faults', { carrier: 'dhl', kind: 'error_500_after_label' });
    await call('POST', '/_sandbox/faults', { carrier: 'fedex', kind: 'error_500' });
    await call('POST', '/_sandbox/faults', { carrier: 'dhl', kind: 'refused', on: 'ship' });
    expect((await call('GET', '/mydhlapi/shipments/1/tracking', undefined, basic)).status).toBe(404);
    expect((await call('POST', '/mydhlapi/shipments', dhlOrder(), basic)).status).toBe(500);
    expect(await labels()).toHaveLength(1);
    expect((await call('POST', '/mydhlapi/shipments', dhlOrder(), basic)).status).toBe(400);
    expect((await call('POST', '/mydhlapi/shipments', dhlOrder(), basic)).status).toBe(201);
  });

  it.each([
    [{ carrier: 'pigeon', kind: 'error_500' }, 'CARRIER'],
    [{ carrier: 'dhl', kind: 'flood' }, 'KIND'],
    [{ carrier: 'dhl', kind: 'error_500', count: 0 }, 'COUNT'],
    [{ carrier: 'dhl', kind: 'error_500', on: 'sleep' }, 'ON'],
  ])('that is none (%j) is refused', async (fault, code) => {
    const { call } = await start();
    expect(await call('POST', '/_sandbox/faults', fault)).toMatchObject({ status: 400, body: { code } });
  });
});

describe('state', () => {
  it('survives a restart when there is a folder, and forgets a line that a kill cut off', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    open.push(() => rmSync(folder, { recursive: true }));
    const first = await start({ folder });
    await first.call('POST', '/mydhlapi/shipments', dhlOrder(), basic);
    appendFileSync(join(folder, 'carriers-sandbox.jsonl'), '{"id":"cut');
    const second = await start({ folder });
    expect(await second.labels()).toHaveLength(1);
    await second.call('POST', '/_sandbox/reset', {});
    expect(await (await start({ folder })).labels()).toEqual([]);
  });

  it('is bounded: the oldest goes first', async () => {
    const { call, labels } = await start({ limit: 2 });
    for (const reference of ['a', 'b', 'c'])
      await call('POST', '/mydhlapi/shipments', dhlOrder(reference), basic);
    expect((await labels()).map(({ reference }: { reference: string }) => reference)).toEqual(['b', 'c']);
  });
});

it('says which path no carrier has', async () => {
  const { call } = await start();
  const { status, body } = await call('GET', '/pigeon');
  expect([status, body.message]).toEqual([404, 'No carrier has GET /pigeon.']);
});
