import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { probes, smoke } from './smoke';

let server: Server;
let answers: Record<string, number[]>;
const asked: string[] = [];

beforeEach(async () => {
  asked.length = 0;
  answers = Object.fromEntries(probes.map(({ path, expects }) => [path, [...expects]]));
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.method} ${path}`);
    const left = answers[path] ?? [];
    response.statusCode = (left.length > 1 ? left.shift() : left[0]) ?? 500;
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => new Promise((done) => server.close(done)));

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

describe('the smoke test', () => {
  it('passes where the shop answers as it should, and only reads', async () => {
    expect(await smoke(address())).toHaveLength(probes.length);
    expect(asked.every((line) => line.startsWith('GET /'))).toBe(true);
  });

  it('asks again before it fails', async () => {
    answers['/v1/orders'] = [503, 401];
    await expect(smoke(address())).resolves.toHaveLength(probes.length);
  });

  it('names every probe that failed, with what was wanted', async () => {
    answers['/v1/orders'] = [200];
    answers['/no-such-path'] = [200];
    await expect(smoke(address())).rejects.toThrow(
      /2 of 6 .*\n.*\/v1\/orders answered 200 .*wanted 401: orders are.*\n.*no-such-path/,
    );
  });

  it('fails where nobody answers', async () => {
    const gone = address();
    await new Promise((done) => server.close(done));
    await expect(smoke(gone)).rejects.toMatchObject({
      message: expect.stringMatching(/6 of 6 .*\n.*products.* did not answer \(.*ECONNREFUSED/),
      hint: expect.stringContaining(gone),
    });
    server = createServer();
    server.listen(0);
  });
});
