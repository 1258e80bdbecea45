import { createLogger } from '../telemetry';
import { startWorker, type Worker } from './worker';

const logger = createLogger('test', { level: 'silent' });
let worker: Worker | undefined;
afterEach(() => worker?.stop());

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

/** What is due, what of it is in somebody's hand, and how often it was asked for. */
const createStore = (due: string[]) => {
  const leased = new Set<string>();
  const store = {
    claims: 0,
    most: 0,
    async claimDue(_now: string, _leaseUntil: string, limit: number) {
      store.claims++;
      const ids = due.filter((id) => !leased.has(id)).slice(0, limit);
      for (const id of ids) leased.add(id);
      store.most = Math.max(store.most, leased.size);
      return ids;
    },
    async release(id: string) {
      leased.delete(id);
    },
  };
  const done = (id: string) => due.splice(due.indexOf(id), 1);
  return { store, done };
};
const clock = { now: () => '2026-01-01T00:00:00.000Z' };
const start = (store: ReturnType<typeof createStore>['store'], advance: (id: string) => Promise<void>) =>
  startWorker({
    ...{ what: 'a thing', store, advance, clock, logger },
    atOnce: 3,
    pollMs: 3_600_000,
    leaseMs: 1000,
  });

test('does all that is due, a few at a time, for one wake-up', async () => {
  const due = Array.from({ length: 10 }, (_, n) => `t-${n}`);
  const { store, done } = createStore(due);
  worker = start(store, async (id) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    done(id);
  });
  worker.wake();
  await until(() => due.length === 0);
  expect(store.most).toBe(3);
});

test('takes up again what became due once more while it was in hand', async () => {
  const due = ['t'];
  const { store, done } = createStore(due);
  let steps = 0;
  worker = start(store, async (id) => {
    steps++;
    // Told of by the store while the lease still stands.
    if (steps < 3) worker?.wake();
    else done(id);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  worker.wake();
  await until(() => due.length === 0);
  expect(steps).toBe(3);
});

test('does not ask for more when there was none and nobody woke it', async () => {
  const due = ['t'];
  const { store, done } = createStore(due);
  worker = start(store, async (id) => void done(id));
  worker.wake();
  await until(() => due.length === 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(store.claims).toBe(1);
});
