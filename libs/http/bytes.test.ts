import request from 'supertest';
import { createLogger } from '../telemetry';
import { createHttpApp, route } from '.';

const app = createHttpApp({
  name: 'picture',
  version: 'v1',
  ready: {},
  logger: createLogger('test', { level: 'silent' }),
  routes: [
    route({
      method: 'get',
      path: '/v1/pictures',
      summary: 'A picture',
      responses: { 200: { description: 'The picture', mediaTypes: ['image/gif'] } },
      handle: () => ({ headers: { 'content-type': 'image/gif' }, bytes: Buffer.from([71, 73, 70, 255]) }),
    }),
  ],
});

test('bytes are sent as they are, and documented by their kind', async () => {
  const { status, headers, body } = await request(app).get('/v1/pictures').responseType('blob');
  expect([status, headers['content-type'], headers['content-length']]).toEqual([200, 'image/gif', '4']);
  expect([...body]).toEqual([71, 73, 70, 255]);
  const docs = (await request(app).get('/docs/picture/openapi.json')).body;
  expect(docs.paths['/v1/pictures'].get.responses['200'].content).toEqual({
    'image/gif': { schema: { type: 'string', format: 'binary' } },
  });
});
