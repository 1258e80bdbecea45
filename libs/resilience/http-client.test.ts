import { limitConcurrency } from './bulkhead';
import { createHttpClient, type HttpClientOptions } from './http-client';
import type { IncomingAnswer } from './send';

const client = (
  answers: (() => Promise<IncomingAnswer> | IncomingAnswer)[],
  options: Partial<HttpClientOptions> = {},
) => {
  let calls = 0;
  const made = createHttpClient({
    name: 'product',
    baseUrl: 'http://product-service',
    ...options,
    send: async () => answers[Math.min(calls++, answers.length - 1)]!(),
  });
  return { ...made, calls: () => calls };
};
const json = (status: number, body: unknown) => () => ({ status, body: JSON.stringify(body) });
const broken = (code?: string) => () => Promise.reject(Object.assign(new Error('broken'), { code }));
const refuse = broken();

test('gives back answers below 500 as they are', async () => {
  const { request, calls } = client([json(404, { title: 'Not Found' })]);
  expect(await request('GET', '/v1/products/x')).toMatchObject({ status: 404, body: { title: 'Not Found' } });
  expect(calls()).toBe(1);
});

test('asks again after a passing failure, where asking twice is harmless', async () => {
  const reading = client([refuse, json(503, {}), json(200, { id: 'x' })]);
  expect((await reading.request('GET', '/')).body).toEqual({ id: 'x' });
  expect(reading.calls()).toBe(3);

  const keyed = client([refuse, json(201, {})]);
  expect((await keyed.request('POST', '/', { body: {}, headers: { 'Idempotency-Key': 'k' } })).status).toBe(
    201,
  );

  const writing = client([refuse, json(201, {})]);
  await expect(writing.request('POST', '/', { body: {} })).rejects.toMatchObject({ retriable: true });
  expect(writing.calls()).toBe(1);
});

test('gives up with the name of the other side and a word on whether to try later', async () => {
  await expect(client([json(500, {})]).request('GET', '/')).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: 'product',
    retriable: true,
    status: 500,
  });
});

test('says whether the request may have arrived all the same', async () => {
  for (const [answer, mayHaveArrived] of [
    [broken('ECONNREFUSED'), false],
    [broken('ECONNRESET'), true],
    [json(500, {}), true],
  ] as const) {
    const { request } = client([answer], { attempts: 1, breakAfter: 1 });
    await expect(request('POST', '/', { body: {} })).rejects.toMatchObject({ mayHaveArrived });
    await expect(request('POST', '/', { body: {} })).rejects.toMatchObject({ mayHaveArrived: false });
  }
});

test('does not wait longer than it was told', async () => {
  const slow = client([() => new Promise<IncomingAnswer>(() => undefined)], { timeoutMs: 30, attempts: 1 });
  await expect(slow.request('GET', '/')).rejects.toThrow('no answer within 30 ms');
});

test('stops asking a side that keeps failing, and tries it again after a while', async () => {
  const { request, calls } = client([refuse, refuse, json(200, {})], {
    attempts: 1,
    breakAfter: 2,
    breakForMs: 50,
  });
  await expect(request('GET', '/')).rejects.toThrow('cannot be reached');
  await expect(request('GET', '/')).rejects.toThrow('cannot be reached');
  await expect(request('GET', '/')).rejects.toThrow('failed too often');
  expect(calls()).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect((await request('GET', '/')).status).toBe(200);
});

test('lets a few work, some wait, and turns away the rest', async () => {
  const limited = limitConcurrency('hashing', { atOnce: 1, waiting: 1 });
  const work = () => limited(() => new Promise((resolve) => setTimeout(resolve, 20)));
  const results = await Promise.allSettled([work(), work(), work()]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(results[2]).toMatchObject({ reason: { code: 'OVERLOADED', retriable: true } });
});
