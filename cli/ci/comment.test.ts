import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { marker } from '../preview/format';
import { upsertComment } from './comment';

// Answers as GitHub's API for comments does, on loopback.
let server: Server;
let comments: { id: number; body: string; user: { type: string } }[];
let refuse: number | undefined;
const seen: string[] = [];

beforeEach(async () => {
  comments = [];
  refuse = undefined;
  seen.length = 0;
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    seen.push(`${request.method} ${url.pathname}`);
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      response.statusCode = refuse ?? (request.headers.authorization === 'Bearer token' ? 200 : 401);
      if (response.statusCode !== 200) return response.end('{}');
      if (request.method === 'GET') {
        const page = Number(url.searchParams.get('page'));
        return response.end(JSON.stringify(comments.slice((page - 1) * 100, page * 100)));
      }
      const { body } = JSON.parse(text);
      const id = Number(url.pathname.split('/').at(-1));
      const known = comments.find((one) => one.id === id);
      if (known) known.body = body;
      else comments.push({ id: comments.length + 1, body, user: { type: 'Bot' } });
      response.end(JSON.stringify({ html_url: `http://localhost/${known?.id ?? comments.length}` }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => new Promise((done) => server.close(done)));

const upsert = (text: string, token = 'token') =>
  upsertComment({
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ repository: 'shop/platform', pullRequest: 7, token, body: `${marker}\n${text}` },
  });

describe('the comment on a pull request', () => {
  it('is written once and updated from then on', async () => {
    await upsert('first');
    await upsert('second');
    expect(comments.map(({ body }) => body)).toEqual([`${marker}\nsecond`]);
  });

  it('is found among hundreds of others', async () => {
    const other = (index: number) => ({ id: index, body: 'hello', user: { type: 'User' } });
    comments = Array.from({ length: 250 }, (_, index) => other(index + 1));
    comments.push({ id: 999, body: `${marker}\nold`, user: { type: 'Bot' } });
    expect(await upsert('new')).toBe('http://localhost/999');
  });

  it('never overwrites what a person wrote, although it begins alike', async () => {
    comments = [{ id: 1, body: `${marker}\nmine`, user: { type: 'User' } }];
    await upsert('ours');
    expect(comments.map(({ body }) => body)).toEqual([`${marker}\nmine`, `${marker}\nours`]);
  });

  it('that may not be written says which permission is missing, without the token', async () => {
    await expect(upsert('x', 'wrong')).rejects.toMatchObject({
      message: expect.not.stringContaining('wrong'),
      hint: expect.stringContaining('pull-requests: write'),
    });
  });

  it('may be tried again when GitHub is out of order', async () => {
    refuse = 502;
    await expect(upsert('x')).rejects.toMatchObject({ retriable: true });
  });

  it('without the marker is refused before anything is sent', async () => {
    const body = 'no marker';
    await expect(
      upsertComment({ api: 'http://127.0.0.1:1', repository: 'a/b', pullRequest: 1, token: 't', body }),
    ).rejects.toThrow('marker');
    expect(seen).toEqual([]);
  });
});
