import { freePort } from './process';

test('a port that was given out is not given out again', async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, freePort));

  expect(new Set(ports).size).toBe(200);
});
