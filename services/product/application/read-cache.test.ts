import { createReadCache } from './read-cache';

const cache = (options = {}) => createReadCache({ ttlMs: 30, maxCharacters: 1000, ...options });

test('loads once for many callers at the same time, and again when it is too old', async () => {
  const load = jest.fn(async () => 'value');
  const { get } = cache();
  expect(await Promise.all([get('k', load), get('k', load), get('k', load)])).toEqual([
    'value',
    'value',
    'value',
  ]);
  expect(load).toHaveBeenCalledTimes(1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await get('k', load);
  expect(load).toHaveBeenCalledTimes(2);
});

test('remembers neither absence nor failure', async () => {
  const { get } = cache();
  expect(await get('k', async () => undefined)).toBeUndefined();
  await expect(get('k', async () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  expect(await get('k', async () => 'now')).toBe('now');
});

test('asks the shared cache first, and does without it when it fails', async () => {
  const shared = {
    get: async (key: string) => (key === 'known' ? 'shared' : undefined),
    set: jest.fn(),
    delete: async () => undefined,
  };
  const { get } = cache({ shared });
  expect(await get('known', async () => 'loaded')).toBe('shared');
  expect(await get('new', async () => 'loaded')).toBe('loaded');
  expect(shared.set).toHaveBeenCalledWith('new', 'loaded', 30);

  const broken = cache({
    shared: {
      get: async () => Promise.reject(new Error('away')),
      set: () => undefined,
      delete: async () => Promise.reject(new Error('away')),
    },
  });
  expect(await broken.get('k', async () => 'loaded')).toBe('loaded');
  await broken.forget('k');
});

test('holds no more than it may, and forgets what was not asked for longest', async () => {
  const { get } = cache({ ttlMs: 60_000, maxCharacters: 1000 });
  for (let n = 0; n < 20; n++) await get(`k${n}`, async () => 'x'.repeat(100));
  const load = jest.fn(async () => 'again');
  await get('k19', load);
  expect(load).not.toHaveBeenCalled();
  await get('k0', load);
  expect(load).toHaveBeenCalledTimes(1);
});

test('counts hits and misses', async () => {
  const [onHit, onMiss] = [jest.fn(), jest.fn()];
  const { get } = cache({ onHit, onMiss });
  await get('k', async () => 'v');
  await get('k', async () => 'v');
  expect([onHit.mock.calls.length, onMiss.mock.calls.length]).toEqual([1, 1]);
});

test('forgets, here and in the shared cache, also what is being loaded', async () => {
  const shared = { get: async () => undefined, set: jest.fn(), delete: jest.fn(async () => undefined) };
  const { get, forget } = cache({ ttlMs: 60_000, shared });
  await get('k', async () => 'old');
  await forget('k');
  expect(shared.delete).toHaveBeenCalledWith('k');
  let arrive: (value: string) => void = () => undefined;
  const late = get('k', () => new Promise((resolve) => (arrive = resolve)));
  await new Promise(setImmediate);
  await forget('k');
  arrive('read before the change');
  expect(await late).toBe('read before the change');
  expect(await get('k', async () => 'new')).toBe('new');
  expect(shared.set.mock.calls.map(([, value]) => value)).toEqual(['old', 'new']);
});
