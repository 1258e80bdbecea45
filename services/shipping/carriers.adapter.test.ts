import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { freePort, startPostgres } from '@platform/libs/testing';
import type { Carriers } from './application/ports';
import type { CarrierSettings } from './config';
import { type Exchange, itWithContracts, judgeOf, recording } from './contracts.fixtures';
import { pack } from './domain/packing';
import { createCarriers } from './gateways/carriers';
import { startSandbox } from './sandbox.fixtures';
import { createHarness, type Harness, home, items, nowhere, origin } from './shipping.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

jest.setTimeout(60_000);

const names = ['fedex', 'ups', 'dhl', 'usps'] as const;
type Name = (typeof names)[number];
/** A service each of them sells. */
const SERVICE: Record<Name, string> = {
  fedex: 'FEDEX_GROUND',
  ups: '03',
  dhl: 'N',
  usps: 'USPS_GROUND_ADVANTAGE:MACHINABLE',
};

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let pool: Pool;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
const exchanges: Exchange[] = [];

beforeAll(async () => {
  [sandbox, postgres] = await Promise.all([startSandbox(), startPostgres()]);
  pool = createPool({ url: await postgres.createDatabase() });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
}, 120_000);
afterAll(async () => {
  sandbox?.stop();
  await pool?.end();
  await postgres?.stop();
}, 30_000);
beforeEach(() => sandbox.control('reset', {}));

const carriersWith = (more: Partial<CarrierSettings> = {}, patienceMs = 600): Carriers =>
  createCarriers({ ...sandbox.settings, ...more }, { send: recording(exchanges), patienceMs, settleMs: 0 });
const consignment = (to = home, list = items, carrier = carriersWith().named('fedex')) => ({
  ...{
    from: origin,
    to,
    parcels: pack(list, carrier.limits),
    shipDate: new Date().toISOString().slice(0, 10),
  },
});
const ordered = async (
  name: Name,
  more: { address?: typeof home; items?: typeof items } = {},
): Promise<Harness> => {
  const one = createHarness(pool, carriersWith());
  await one.request(await one.quoted({ carrier: name, service: SERVICE[name], ...more }));
  return one;
};

describe.each(names)('%s', (name) => {
  const carrier = () => carriersWith().named(name);

  it('offers services with a price', async () => {
    const outcome = await carrier().quote(consignment());
    if (outcome.kind !== 'offered') throw new Error(JSON.stringify(outcome));
    expect(outcome.offers.length).toBeGreaterThan(1);
    for (const { cost, serviceName } of outcome.offers) {
      expect(cost).toEqual({ amount: expect.any(Number), currency: name === 'dhl' ? 'EUR' : 'USD' });
      expect(serviceName).toMatch(/\w/);
    }
    expect(outcome.offers.map(({ service }) => service)).toContain(SERVICE[name]);
  });

  it('offers nothing to an address that is none, for good', async () => {
    expect(await carrier().quote(consignment(nowhere))).toMatchObject({ kind: 'rejected' });
  });

  it.each([
    ['error_500', 'retriable'],
    ['rate_limit', 'retriable'],
    ['token_ended', name === 'dhl' ? 'misconfigured' : 'offered'],
  ])('after %s is %s', async (kind, outcome) => {
    const one = carrier();
    await one.quote(consignment());
    await sandbox.fault(name, kind);
    expect(await one.quote(consignment())).toMatchObject({ kind: outcome });
  });

  it('cannot be reached: nothing was sent, so it is tried again', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const gone = carriersWith({ [`${name.toUpperCase()}_API_URL`]: nobody });
    const one = createHarness(pool, gone);
    await one.request(await one.quoted({ carrier: name, service: SERVICE[name] }));
    await one.advance();
    expect(await one.status()).toBe('ready');
  });

  it('sells one label, with its bytes, number and price, however often it is asked for', async () => {
    const one = await ordered(name);
    await one.settle();
    await one.settle();
    const [sold, ...more] = await sandbox.labels(name);
    expect(more).toEqual([]);
    const shipment = await one.load();
    expect(shipment).toMatchObject({ status: 'booked', booking: { trackingNumber: sold!.id, parcels: 1 } });
    const kept = await one.store.findLabel(one.shipmentId, 1, one.customerId);
    expect(kept!.bytes.subarray(0, 4).toString()).toBe(name === 'ups' ? 'GIF8' : '%PDF');
    expect(kept!.mediaType).toBe(name === 'ups' ? 'image/gif' : 'application/pdf');
  });

  it('whose tokens have ended in the meantime gives new ones, and sells', async () => {
    if (name === 'dhl') return;
    const carriers = carriersWith();
    for (const kind of [undefined, 'token_ended']) {
      if (kind) await sandbox.fault(name, kind, { on: 'ship' });
      const one = createHarness(pool, carriers);
      await one.request(await one.quoted({ carrier: name, service: SERVICE[name] }));
      await one.settle();
      expect(await one.load()).toMatchObject({ status: 'booked', attempt: 1 });
    }
    expect(await sandbox.labels(name)).toHaveLength(2);
  });

  it('refuses an address that is none, and the shipment fails at once', async () => {
    const one = await ordered(name, { address: nowhere });
    await one.settle();
    expect(await one.load()).toMatchObject({
      status: 'failed',
      attempt: 1,
      reason: expect.stringMatching(/\w/),
    });
    expect(await sandbox.labels(name)).toEqual([]);
    expect(one.lines.join('')).not.toContain(home.street[0]);
  });

  it('that is busy is tried again, and sells once', async () => {
    await sandbox.fault(name, 'rate_limit', { on: 'ship', count: 2 });
    const one = await ordered(name);
    await one.settle();
    expect(await one.load()).toMatchObject({ status: 'booked', attempt: 3 });
    expect(await sandbox.labels(name)).toHaveLength(1);
  });

  // What became of a purchase without an answer: two carriers say so, one sold a label that has to be given back, and of the fourth
  // nobody can know.
  const expected = {
    fedex: { status: 'booked', lost: 1, labels: 1 },
    ups: { status: 'booked', lost: 0, labels: 1 },
    dhl: { status: 'unresolved', lost: 0, labels: 1 },
    usps: { status: 'booked', lost: 0, labels: 1 },
  }[name];
  it.each(['timeout_after_label', 'error_500_after_label'])('after %s has sold one label', async (kind) => {
    await sandbox.fault(name, kind);
    const one = await ordered(name);
    await one.settle();
    const { labels: count, ...shipment } = expected;
    expect(await one.load()).toMatchObject(shipment);
    expect(await sandbox.labels(name)).toHaveLength(count);
    if (shipment.status === 'booked') {
      const [sold] = await sandbox.labels(name);
      expect(await one.load()).toMatchObject({ booking: { trackingNumber: sold!.id } });
      expect(await one.store.findLabel(one.shipmentId, 1, one.customerId)).toBeDefined();
    }
  });

  // Asked, two carriers are certain that they sold nothing. The others are not, and so nothing is bought again.
  it('that failed before it sold is asked, and only a certain no leads to another try', async () => {
    await sandbox.fault(name, 'error_500', { on: 'ship' });
    const one = await ordered(name);
    await one.settle();
    const certain = name === 'ups' || name === 'usps';
    expect(await one.status()).toBe(certain ? 'booked' : 'unresolved');
    expect(await sandbox.labels(name)).toHaveLength(certain ? 1 : 0);
    expect((await one.history()).filter((type) => type === 'AttemptStarted')).toHaveLength(certain ? 2 : 1);
  });

  it('takes a label back, once, and says so when asked again', async () => {
    const one = await ordered(name);
    await one.settle();
    await one.cancel();
    await sandbox.fault(name, 'error_500', { on: 'void' });
    await one.settle();
    expect(await one.status()).toBe('cancelled');
    // DHL charges for what it carries: there is nothing to take back.
    expect(await sandbox.labels(name)).toHaveLength(name === 'dhl' ? 1 : 0);
    const [sold] = (await sandbox.control('labels')).labels;
    const again = await carrier().void({ trackingNumber: sold.id, reference: sold.reference });
    expect(again).toEqual({ kind: 'voided' });
  });

  it('does not take back what is on its way', async () => {
    if (name === 'dhl') return;
    const one = await ordered(name);
    await one.settle();
    const [sold] = await sandbox.labels(name);
    await sandbox.control('move', { trackingNumber: sold!.id });
    await one.cancel();
    await one.settle();
    expect(await one.status()).toBe('void-refused');
    expect(await sandbox.labels(name)).toHaveLength(1);
  });

  it('reports how far a parcel has got', async () => {
    const one = await ordered(name);
    await one.settle();
    const [sold] = await sandbox.labels(name);
    await one.track();
    for (let step = 0; step < 4; step++) {
      await sandbox.control('move', { trackingNumber: sold!.id });
      await one.track();
    }
    const told = (await one.sent()).filter(({ type }) => type === 'shipment.tracked.v1');
    expect(told.map(({ data }) => data.status)).toEqual(['in_transit', 'out_for_delivery', 'delivered']);
    expect(await carrier().track('0000000000000')).toEqual({ kind: 'not_found' });
    await sandbox.fault(name, 'error_500', { on: 'track' });
    expect(await carrier().track(sold!.id)).toEqual({ kind: 'failed', error: 'http_500' });
  });
});

describe('more than one parcel', () => {
  const heavy = [{ ...items[0]!, quantity: 3, weightGrams: 40_000 }];

  it.each(['fedex', 'ups', 'dhl'] as const)('is one shipment of %s', async (name) => {
    const one = await ordered(name, { items: heavy });
    await one.settle();
    expect(await one.load()).toMatchObject({ status: 'booked', booking: { parcels: 3 } });
    expect(await sandbox.labels(name)).toHaveLength(1);
    // DHL prints all of them in one document.
    const last = await one.store.findLabel(one.shipmentId, name === 'dhl' ? 1 : 3, one.customerId);
    expect(last!.bytes.length).toBeGreaterThan(0);
  });
});

it('does not send credentials that were refused any further, and says that our set-up is wrong', async () => {
  const wrong = carriersWith({
    FEDEX_CLIENT_SECRET: '',
    UPS_CLIENT_SECRET: '',
    USPS_CLIENT_SECRET: '',
    DHL_PASSWORD: '',
  });
  for (const carrier of wrong.all) {
    const outcome = await carrier.quote(consignment());
    expect([carrier.name, outcome.kind]).toEqual([carrier.name, 'misconfigured']);
    expect(JSON.stringify(outcome)).not.toContain('secret');
  }
});

describe('what is said between us and a carrier', () => {
  const OPERATIONS: Record<Name, string[]> = {
    fedex: [
      ...['POST /rate/v1/rates/quotes', 'POST /ship/v1/shipments', 'PUT /ship/v1/shipments/cancel'],
      ...['POST /track/v1/referencenumbers', 'POST /track/v1/trackingnumbers'],
    ],
    ups: [
      ...[
        'POST /security/v1/oauth/token',
        'POST /rating/{version}/{requestoption}',
        'POST /shipments/{version}/ship',
      ],
      'DELETE /shipments/{version}/void/cancel/{shipmentidentificationnumber}',
      ...['POST /labels/{version}/recovery', 'GET /track/v1/details/{inquiryNumber}'],
      'GET /track/v1/reference/details/{referenceNumber}',
    ],
    dhl: [
      ...[
        'POST /rates',
        'POST /shipments',
        'GET /tracking',
        'GET /shipments/{shipmentTrackingNumber}/tracking',
      ],
    ],
    usps: [
      ...['POST /base-rates-list/search', 'POST /label', 'POST /label-reprint'],
      ...['DELETE /label/{trackingNumber}', 'GET /tracking/{trackingNumber}'],
    ],
  };
  const whose = ({ path }: Exchange): Name => {
    if (/^\/(api|security)\//.test(path)) return 'ups';
    if (path.startsWith('/mydhlapi/')) return 'dhl';
    return /^\/(oauth2|payments|prices|labels|tracking)\//.test(path) ? 'usps' : 'fedex';
  };

  for (const name of names) {
    itWithContracts(name)(`is as ${name} publishes it, requests and answers`, () => {
      const judge = judgeOf(name);
      const judged = exchanges.filter((exchange) => whose(exchange) === name).map(judge);
      const problems = judged.flatMap(({ operation, problems: all }) =>
        all.map((one) => `${operation}: ${one}`),
      );
      expect([...new Set(problems)]).toEqual([]);
      expect([...new Set(judged.map(({ operation }) => operation))]).toEqual(
        expect.arrayContaining(OPERATIONS[name]),
      );
    });
  }

  itWithContracts('fedex')('would be found wrong where it is', () => {
    const judge = judgeOf('fedex');
    const good = exchanges.find(({ path }) => path === '/ship/v1/shipments')!;
    const body = structuredClone(good.body) as { requestedShipment: Record<string, unknown> };
    delete body.requestedShipment.serviceType;
    body.requestedShipment.serviceTyp = 'FEDEX_GROUND';
    expect(judge({ ...good, body }).problems).toEqual([
      "body/requestedShipment: must have required property 'serviceType'",
      'body/requestedShipment: serviceTyp is not named',
    ]);
    expect(judge({ ...good, path: '/ship/v2/shipments' }).problems).toEqual([
      'there is no contract for this',
    ]);
  });
});
