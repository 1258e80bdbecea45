import { createBatcher } from './batcher';

test('reads keys of one moment together, each key once', async () => {
  const load = jest.fn(async (keys: string[]) => new Map(keys.map((key) => [key, key.toUpperCase()])));
  const read = createBatcher(load);
  expect(await Promise.all([read('a'), read('b'), read('a')])).toEqual(['A', 'B', 'A']);
  expect(load.mock.calls).toEqual([[['a', 'b']]]);
  expect(await read('c')).toBe('C');
});

test('answers undefined for what is not there, and passes a failure on to all who wait', async () => {
  expect(await createBatcher(async () => new Map())('a')).toBeUndefined();
  const broken = createBatcher(async () => Promise.reject(new Error('away')));
  await expect(Promise.allSettled([broken('a'), broken('b')])).resolves.toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ]);
});

test('never asks for more than 200 at once, and forgets none', async () => {
  const sizes: number[] = [];
  const read = createBatcher(async (keys) => {
    sizes.push(keys.length);
    return new Map(keys.map((key) => [key, key]));
  });
  const keys = Array.from({ length: 450 }, (_, n) => String(n));
  expect(await Promise.all(keys.map(read))).toEqual(keys);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(200);
});
