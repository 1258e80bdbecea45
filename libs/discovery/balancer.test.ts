import * as fc from 'fast-check';
import { UpstreamError } from '../resilience';
import { type Balancer, createBalancer } from './balancer';
import type { Instance } from './consul';

const breakAfter = 3;
const breakForMs = 1000;
const fallback = { baseUrl: 'http://product-service' };
const instance = (n: number, colour?: string): Instance => ({
  id: `p-${n}`,
  address: `10.0.0.${n}`,
  port: 3001,
  colour,
});
const urlOf = ({ address }: Instance) => `http://${address}:3001`;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const balancer = (instances: Instance[], more = {}) => {
  const made = createBalancer({ fallback, breakAfter, breakForMs, ...more });
  made.update(instances);
  return made;
};
const ask = (of: Balancer) => of.run(async ({ baseUrl }) => baseUrl);
const askFailing = (of: Balancer, failing: (baseUrl: string) => boolean) =>
  of
    .run(async ({ baseUrl }) => {
      if (failing(baseUrl))
        throw Object.assign(new UpstreamError('product', 'answered 500', true, 500), { baseUrl });
      return baseUrl;
    })
    .catch((error: { baseUrl?: string }) => error.baseUrl);

test('asks every instance equally often, however many there are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 60 }),
      async (size, requests) => {
        const instances = Array.from({ length: size }, (_, n) => instance(n));
        const of = balancer(instances);
        const counts = new Map(instances.map((one) => [urlOf(one), 0]));
        for (let n = 0; n < requests; n++) {
          const url = await ask(of);
          counts.set(url, (counts.get(url) ?? 0) + 1);
          // The same list again, in whatever order, changes nothing.
          of.update(instances.toReversed());
        }
        const seen = [...counts.values()];
        expect(seen).toHaveLength(size);
        expect(Math.max(...seen) - Math.min(...seen)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

type Step = { list: number[] } | { breakDown: number } | { recover: number } | { wait: number } | 'request';
const number = fc.integer({ min: 0, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant('request' as const) },
  fc.record({ list: fc.uniqueArray(number, { minLength: 1, maxLength: 5 }) }),
  fc.record({ breakDown: number }),
  fc.record({ recover: number }),
  fc.record({ wait: fc.integer({ min: 1, max: 1500 }) }),
);

test('never asks one that is not on the list, nor one that failed too often and has not had its pause', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const of = balancer([0, 1, 2].map((n) => instance(n)));
      let listed = new Set([0, 1, 2]);
      const broken = new Set<number>();
      const failures = new Map<number, { inRow: number; lastAt: number }>();
      for (const one of steps) {
        if (one === 'request') {
          const url = await askFailing(of, (baseUrl) => broken.has(Number(baseUrl.split(/[.:]/).at(-2))));
          if (url === undefined) continue; // all are left out
          const asked = Number(url.split(/[.:]/).at(-2));
          expect(listed).toContain(asked);
          const { inRow, lastAt } = failures.get(asked) ?? { inRow: 0, lastAt: 0 };
          if (inRow >= breakAfter) expect(Date.now() - lastAt).toBeGreaterThanOrEqual(breakForMs);
          failures.set(
            asked,
            broken.has(asked) ? { inRow: inRow + 1, lastAt: Date.now() } : { inRow: 0, lastAt: 0 },
          );
        } else if ('list' in one) {
          for (const gone of listed) if (!one.list.includes(gone)) failures.delete(gone);
          listed = new Set(one.list);
          of.update(one.list.map((n) => instance(n)));
        } else if ('breakDown' in one) broken.add(one.breakDown);
        else if ('recover' in one) broken.delete(one.recover);
        else jest.advanceTimersByTime(one.wait);
      }
    }),
  );
});

test('takes one back with a single request that finds out, when its pause is over', async () => {
  const of = balancer([instance(1), instance(2)]);
  const second = urlOf(instance(2));
  for (let n = 0; n < 2 * breakAfter; n++) await askFailing(of, (url) => url === second);
  expect(of.count()).toEqual({ available: 1, leftOut: 1 });
  jest.advanceTimersByTime(breakForMs);

  let answer: (url: string) => void = () => undefined;
  const probes: string[] = [];
  const ask = () =>
    of.run(({ baseUrl }) => {
      if (baseUrl !== second) return Promise.resolve(baseUrl);
      probes.push(baseUrl);
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    });
  const asked = Array.from({ length: 6 }, ask);
  await Promise.resolve();
  expect(probes).toHaveLength(1);
  answer(second);
  await Promise.all(asked);
  expect(of.count()).toEqual({ available: 2, leftOut: 0 });
});

test('goes to the Service address while no instance is known, and says so', async () => {
  const onFallback = jest.fn();
  const of = balancer([], { onFallback });
  expect(await ask(of)).toBe(fallback.baseUrl);
  expect(onFallback).toHaveBeenCalledTimes(1);
  of.update([instance(1)]);
  expect(await ask(of)).toBe(urlOf(instance(1)));
});

test('asks its own colour, and the other one only while there is none of its own', async () => {
  const of = balancer([instance(1, 'blue'), instance(2, 'green'), instance(3, 'blue')], { colour: 'blue' });
  const asked = new Set([await ask(of), await ask(of), await ask(of), await ask(of)]);
  expect(asked).toEqual(new Set([urlOf(instance(1)), urlOf(instance(3))]));
  of.update([instance(2, 'green')]);
  expect(await ask(of)).toBe(urlOf(instance(2)));
});

test('asks nobody when all have failed', async () => {
  const of = balancer([instance(1)]);
  for (let n = 0; n < breakAfter; n++) await askFailing(of, () => true);
  await expect(ask(of)).rejects.toThrow('every instance failed too often');
});
