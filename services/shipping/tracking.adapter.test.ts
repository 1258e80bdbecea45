import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { startPostgres } from '@platform/libs/testing';
import { type Carrier, carriersOf, type TrackingOutcome } from './application/ports';
import { bought, createHarness, fakeCarrier } from './shipping.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

jest.setTimeout(30_000);

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = createPool({ url: await postgres.createDatabase() });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
});

const harness = (carrier: Partial<Carrier> = {}) => createHarness(pool, carriersOf([fakeCarrier(carrier)]));

describe('a parcel on its way', () => {
  const report = (
    ...events: [minute: number, status: 'in_transit' | 'delivered', code: string][]
  ): TrackingOutcome => ({
    kind: 'tracked',
    events: events.map(([minute, status, code]) => ({
      ...{ status, code, description: code, at: new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString() },
    })),
  });
  const onItsWay = async (reports: TrackingOutcome[]) => {
    const one = harness({ buy: async () => bought, track: async () => reports.shift()! });
    await one.request(await one.quoted());
    await one.settle();
    return one;
  };
  const nextLook = async ({ shipmentId, clock }: ReturnType<typeof harness>) => {
    const { rows } = await pool.query('select track_at from shipments where id = $1', [shipmentId]);
    return rows[0].track_at && (rows[0].track_at.getTime() - Date.parse(clock.now())) / 1000;
  };

  it('is told about when something changed, and only then', async () => {
    const one = await onItsWay([
      { kind: 'not_found' },
      report([1, 'in_transit', 'PU']),
      report([1, 'in_transit', 'PU'], [2, 'in_transit', 'AR']),
      { kind: 'failed', error: 'http_503' },
      report([1, 'in_transit', 'PU'], [2, 'in_transit', 'AR'], [3, 'delivered', 'DL']),
    ]);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      await one.track();
      waits.push(await nextLook(one));
    }
    const { orderId, shipmentId } = one;
    expect((await one.sent()).slice(1)).toMatchObject([
      {
        id: `${shipmentId}-2030-01-01T00:01:00.000Z-PU`,
        type: 'shipment.tracked.v1',
        data: {
          orderId,
          shipmentId,
          status: 'in_transit',
          at: '2030-01-01T00:01:00.000Z',
          description: 'PU',
        },
      },
      { type: 'shipment.tracked.v1', data: { status: 'delivered' } },
    ]);
    expect(waits).toEqual([2, 1, 1, 2, null]);
    expect(await one.store.find(shipmentId, 'c-1')).toMatchObject({
      tracking: { status: 'delivered', at: '2030-01-01T00:03:00.000Z' },
    });
    expect((await one.tracking.list(shipmentId, 'c-1'))?.map(({ code }) => code)).toEqual(['PU', 'AR', 'DL']);
    expect(await one.tracking.list(shipmentId, 'c-2')).toBeUndefined();
  });

  it('is told about once although two looks meet', async () => {
    const same = report([1, 'in_transit', 'PU']);
    const one = await onItsWay([same, same]);
    await Promise.all([one.track(), one.track()]);
    const told = (await one.sent()).filter(({ type }) => type === 'shipment.tracked.v1');
    // Whoever hears it twice knows it by its id.
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(await one.tracking.list(one.shipmentId, 'c-1')).toHaveLength(1);
  });

  it('is looked for when its time has come, by one instance', async () => {
    const one = await onItsWay([report([1, 'in_transit', 'PU'])]);
    const claim = () =>
      one.tracking.claimDue(
        one.clock.now(),
        new Date(Date.parse(one.clock.now()) + 9000).toISOString(),
        1000,
      );
    expect(await claim()).not.toContain(one.shipmentId);
    one.wait(2);
    const claims = await Promise.all([claim(), claim()]);
    expect(claims.flat().filter((id) => id === one.shipmentId)).toHaveLength(1);
  });
});
