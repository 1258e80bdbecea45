import { generateKeyPairSync } from 'node:crypto';
import { loadCatalogue } from '../../infra/catalog/load';
import { environments } from '../../infra/catalog/schema';
import { kongFile } from '../../infra/components/gateway/kong-file';
import type { VerifyingKey } from '../../infra/components/gateway/model';
import { gatewayServiceOf } from '../../infra/stacks/gateway-model';
import { kongFileJudge } from './schemas';

const key = {
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid: 'first',
  alg: 'ES256',
  use: 'sig',
} as VerifyingKey;

const fileOf = (environment: (typeof environments)[number]) =>
  kongFile(
    loadCatalogue(environment).map((service) => gatewayServiceOf('ecommerce-platform', service)),
    [key],
  );

const judge = kongFileJudge();
if (!judge) process.stderr.write('SKIPPED: no schema of kong.yml on this machine\n');
const whereThereIsASchema = judge ? test : test.skip;

whereThereIsASchema.each(environments)('kong.yml of %s is what Kong reads', (environment) => {
  expect(judge?.(fileOf(environment))).toEqual([]);
});

whereThereIsASchema('the schema refuses what Kong does not know', () => {
  const file = fileOf('production');
  expect(judge?.({ ...file, servces: [] })).toHaveLength(1);
});

test('each address is served with its method, what it needs and its limits', () => {
  const service = fileOf('production').services.find(({ name }) => name === 'order-service');
  const route = service?.routes.find(({ methods }) => methods.includes('POST'));
  expect(route).toMatchObject({ paths: ['~/v1/orders$', '/v1/orders/'], strip_path: false });
  expect(route?.plugins.map(({ name }) => name)).toEqual([
    'correlation-id',
    'file-log',
    'jwt',
    'acl',
    'rate-limiting',
    'request-size-limiting',
    'response-transformer',
  ]);
});

test('asked for without a version, the path gets the first in front', () => {
  const service = fileOf('production').services.find(({ name }) => name === 'order-service-v1');
  expect(service).toMatchObject({ path: '/v1', host: 'order-service' });
  expect(service?.routes.map(({ paths }) => paths[0])).toEqual(['~/orders$', '~/orders$']);
});

test('names are unique, and every service has its upstream', () => {
  const { services, upstreams } = fileOf('production');
  const names = services.flatMap(({ routes }) => routes.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  const known = upstreams.map(({ name }) => name);
  for (const { host } of services) expect(known).toContain(host);
});

test('holds public keys only', () => {
  const text = JSON.stringify(fileOf('production'));
  expect(text).toContain('BEGIN PUBLIC KEY');
  expect(text).not.toMatch(/PRIVATE|"d":/);
});
