import { conformsToEventStore } from '../eventstore/conformance';
import { createLogger } from '../telemetry';
import { startStandIn } from './stand-in.fixtures';
import { createKurrentEventStore, type KurrentEventStore } from './store';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const logger = createLogger('test', { level: 'silent' });
const happened = { type: 'happened.v1', data: {} };

describe('against a stand-in that speaks the published protocol', () => {
  let standIn: Awaited<ReturnType<typeof startStandIn>>;
  let store: KurrentEventStore;
  beforeAll(async () => {
    standIn = await startStandIn();
    store = createKurrentEventStore({ url: standIn.url, logger });
  });
  afterAll(async () => {
    await store?.close();
    standIn?.stop();
  });

  conformsToEventStore(() => store);

  test('a store that is away is an error to try again, and is found when it is back', async () => {
    let told = 0;
    const watching = await store.watch(() => {
      told++;
    });
    standIn.stop();
    await expect(store.append('away', [happened], 0)).rejects.toMatchObject({
      ...{ code: 'EVENT_STORE_UNAVAILABLE', retriable: true, hint: expect.any(String) },
    });
    await standIn.restart();
    const before = told;
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
      const version = await store.append('away', [happened], 'any').catch(() => 0);
      if (version > 0 && told > before) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(told).toBeGreaterThan(before);
    expect((await store.readStream('away')).length).toBeGreaterThan(0);
    await watching.stop();
  });
});

const { KURRENTDB_URL, KURRENTDB_CA_FILE } = process.env;
if (!KURRENTDB_URL) {
  process.stderr.write(
    'SKIPPED: the event store suite on a real KurrentDB. Set KURRENTDB_URL (and KURRENTDB_CA_FILE) to run it.\n',
  );
}

(KURRENTDB_URL ? describe : describe.skip)('against the KurrentDB at KURRENTDB_URL', () => {
  let store: KurrentEventStore;
  beforeAll(() => {
    store = createKurrentEventStore({ url: KURRENTDB_URL ?? '', caFile: KURRENTDB_CA_FILE, logger });
  });
  afterAll(() => store?.close());

  conformsToEventStore(() => store);
});
