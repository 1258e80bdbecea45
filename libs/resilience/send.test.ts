import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpClient } from './http-client';

let server: Server;
let baseUrl: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/never') return;
    if (request.url === '/nothing') return response.writeHead(204).end();
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      const { host, 'content-type': type } = request.headers;
      response.end(JSON.stringify({ host, type, method: request.method, body }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const authority = 'product-service-instances.shop.svc.cluster.local:3001';
const client = () =>
  createHttpClient({
    ...{ name: 'product', baseUrl: 'http://unused', timeoutMs: 300, attempts: 1 },
    endpoints: { run: (work) => work({ baseUrl, authority }) },
  });

test('asks an address under another name', async () => {
  const answer = await client().request('POST', '/v1/x', { body: { a: 1 } });
  const type = 'application/json';
  expect(answer.body).toEqual({ host: authority, type, method: 'POST', body: '{"a":1}' });
});

test('sends a form, as an OAuth client asks for its token', async () => {
  const answer = await client().request('POST', '/token', { body: new URLSearchParams({ scope: 'a b' }) });
  const type = 'application/x-www-form-urlencoded;charset=UTF-8';
  expect(answer.body).toEqual({ host: authority, type, method: 'POST', body: 'scope=a+b' });
});

test('gives back an answer without a body', async () => {
  expect(await client().request('GET', '/nothing')).toMatchObject({ status: 204, body: undefined });
});

test('gives up in time, and when nobody is there', async () => {
  await expect(client().request('GET', '/never')).rejects.toThrow('no answer within 300 ms');
  const nobody = createHttpClient({
    ...{ name: 'product', baseUrl: 'http://unused', attempts: 1 },
    endpoints: { run: (work) => work({ baseUrl: 'http://127.0.0.1:1', authority }) },
  });
  await expect(nobody.request('GET', '/')).rejects.toThrow('cannot be reached');
});
