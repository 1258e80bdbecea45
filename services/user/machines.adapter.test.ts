import request from 'supertest';
import { installMachine } from './application/authorisation';
import { notificationClient } from './domain/oauth';
import { createAuthorisationStore } from './storage/clients';
import { startUserService, type UserService } from './user.fixtures';

jest.setTimeout(90_000);

let service: UserService;
beforeAll(async () => {
  service = await startUserService();
}, 180_000);
afterAll(() => service?.stop());

const install = (secret: string) =>
  installMachine(
    { store: createAuthorisationStore(service.pool), clock: service.clock },
    notificationClient,
    secret,
  );
const tokenBy = (secret: string) =>
  request(service.app)
    .post('/v1/oauth/token')
    .type('form')
    .send({
      ...{ grant_type: 'client_credentials', scope: 'users:contact' },
      ...{ client_id: 'notification-service', client_secret: secret },
    });
const contact = (id: string, token: string) => service.call('get', `/v1/users/${id}/contact`, token);

describe('the notification service', () => {
  it('is known by the secret it was given last, and by no other', async () => {
    await install('the first secret, which is long enough');
    await install('the second secret, which is long enough');
    await install('the second secret, which is long enough');
    expect((await tokenBy('the first secret, which is long enough')).status).toBe(401);
    expect((await tokenBy('the second secret, which is long enough')).status).toBe(200);
    const { rows } = await service.pool.query(
      `select actor, action from audit where subject = 'notification-service'`,
    );
    expect(rows).toEqual(Array(2).fill({ actor: 'platform', action: 'client.installed' }));
  });

  it('can ask where one person can be written to, and for nothing else', async () => {
    await install('the second secret, which is long enough');
    const { body } = await tokenBy('the second secret, which is long enough');
    const token = body.access_token as string;
    const { id, email } = await service.customer('jane@example.org');
    const { status, body: found, headers } = await contact(id, token);
    expect([status, found, headers['cache-control']]).toEqual([200, { email }, 'no-store']);
    expect((await service.call('get', '/v1/users?limit=1', token)).status).toBe(403);
    expect((await service.call('get', '/v1/users/me', token)).status).toBe(403);
  });

  it('is told apart that somebody is gone', async () => {
    const { body } = await tokenBy('the second secret, which is long enough');
    const nobody = await contact('00000000-0000-4000-8000-000000000000', body.access_token);
    expect([nobody.status, nobody.body.type]).toEqual([
      404,
      'urn:ecommerce-platform:problem:no-such-account',
    ]);
  });
});

it('no customer can ask where others can be written to', async () => {
  const { id, token } = await service.customer('curious@example.org');
  expect((await contact(id, token)).status).toBe(403);
  expect((await request(service.app).get(`/v1/users/${id}/contact`)).status).toBe(401);
});

it('no address and no secret is logged', () => {
  expect(service.lines.join('')).not.toMatch(/jane@|second secret/);
});
