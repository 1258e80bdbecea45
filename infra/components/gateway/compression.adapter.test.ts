// What Istio's gateway is told to compress, by an Envoy of the version it is made of.
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { startEnvoy, type TestEnvoy } from '@platform/libs/testing';
import { limitsSpec } from './istio-guards';
import { gatewayService } from './model.fixtures';

jest.setTimeout(60_000);

/** As many bytes as the path says, of the type and with the headers it says. */
const upstream = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((incoming, response) => {
      const query = new URL(incoming.url ?? '/', 'http://upstream').searchParams;
      const body = 'a'.repeat(Number(query.get('bytes') ?? 0));
      response.setHeader('content-type', query.get('type') ?? 'application/json');
      response.setHeader('content-length', body.length);
      if (query.has('etag')) response.setHeader('etag', query.get('etag') ?? '');
      response.end(body);
    }).listen(0, '127.0.0.1', () => resolve(server));
  });

let server: Server;
let envoy: TestEnvoy;
beforeAll(async () => {
  server = await upstream();
  const patches =
    limitsSpec({ matchLabels: {} }, [
      gatewayService({ rateLimit: { requests: 1000, per: 'second', by: 'client' } }),
    ]).configPatches ?? [];
  const filters = patches
    .filter(({ applyTo }) => applyTo === 'HTTP_FILTER')
    .map(({ patch }) => patch?.value as { name: string; typed_config: object });
  envoy = await startEnvoy((server.address() as AddressInfo).port, filters);
});
afterAll(async () => {
  await envoy?.stop();
  server?.close();
});

const ask = (query: string, headers: Record<string, string> = { 'accept-encoding': 'gzip' }) =>
  new Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const asking = request(`${envoy.url}/?${query}`, { headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    asking.on('error', reject).end();
  });

test.each([
  ['data of a kilobyte', 'bytes=1024', 'gzip'],
  ['less', 'bytes=1023', undefined],
  ['a problem document', 'bytes=2000&type=application/problem%2Bjson', 'gzip'],
  ['a page', 'bytes=2000&type=text/html;%20charset=utf-8', 'gzip'],
  ['a picture, which is compressed already', 'bytes=2000&type=image/png', undefined],
  ['what a caller will want to change as it stands', 'bytes=2000&etag=%22v1%22', undefined],
])('%s (%s): %s', async (_what, query, encoding) => {
  const { headers, body } = await ask(query);
  const bytes = Number(/bytes=(\d+)/.exec(query)?.[1]);
  expect(headers['content-encoding']).toBe(encoding);
  expect((encoding ? gunzipSync(body) : body).length).toBe(bytes);
  if (encoding) {
    expect(body.length).toBeLessThan(bytes / 2);
    expect(headers.vary).toMatch(/accept-encoding/i);
  }
  if (query.includes('etag')) expect(headers.etag).toBe('"v1"');
});

test('who does not ask for it gets it plain', async () => {
  expect((await ask('bytes=5000', {})).headers['content-encoding']).toBeUndefined();
});
