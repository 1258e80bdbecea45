import * as pulumi from '@pulumi/pulumi';
import { awsSettings } from '../aws-settings';
import { loadCatalogue } from '../catalog/load';
import type { ServiceEntry } from '../catalog/schema';
import {
  administratorEnvironment,
  cachePeer,
  databaseKeys,
  databasePeer,
  databaseUrls,
  poolSizeOf,
} from './data-access';
import { authorityOf } from './managed-data';

const aws = awsSettings.parse({
  accountId: '111122223333',
  owner: 'platform',
  costCentre: 'shop',
  contacts: { security: ['a@example.com'], budget: ['b@example.com'] },
  monthlyBudgetUsd: 100,
  cluster: { administrators: ['arn:aws:iam::111122223333:role/deployer'] },
  edge: { zoneId: 'Z0123456789', assetsHost: 'assets.example.com' },
});
const [order] = loadCatalogue('production').filter(({ name }) => name === 'order') as [ServiceEntry];
const reader = { ...order, database: { replica: true } };
const values = { password: 'PASSWORD', host: 'HOST', 'replica-host': 'COPY' };
const known = (urls: Record<string, pulumi.Input<string>>) =>
  new Promise((resolve) => pulumi.output(urls).apply(resolve));

beforeAll(() => {
  pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
    call: () => ({}),
  });
});

test('AWS’s database is only spoken to over TLS, with its certificate checked against its name', async () => {
  expect(await known(databaseUrls(aws, order, 'order_a', values))).toEqual({
    url: 'postgres://order_a:PASSWORD@HOST:5432/order?sslmode=verify-full&sslrootcert=/var/run/secrets/database-ca/ca.pem',
  });
  expect(administratorEnvironment(aws, 'order-database-secret')).toEqual(
    expect.arrayContaining([
      { name: 'PGSSLMODE', value: 'verify-full' },
      { name: 'PGSSLMINPROTOCOLVERSION', value: 'TLSv1.3' },
    ]),
  );
});

test('who asks for a copy to read from gets its address; where there is none, the database’s own', async () => {
  expect(databaseKeys(aws, reader)).toHaveProperty('replica-host');
  expect(databaseKeys(aws, order)).not.toHaveProperty('replica-host');
  expect(await known(databaseUrls(aws, reader, 'order_a', values))).toMatchObject({
    'replica-url': expect.stringContaining('@COPY:5432/order?sslmode=verify-full'),
  });
  expect(await known(databaseUrls(undefined, reader, 'order_a', { password: 'PASSWORD' }))).toEqual({
    url: 'postgres://order_a:PASSWORD@postgres:5432/order',
    'replica-url': 'postgres://order_a:PASSWORD@postgres:5432/order',
  });
});

describe('the connections of a server', () => {
  const scaled = (max: number, replicas = 5): ServiceEntry => ({
    ...order,
    replicas,
    scale: { ...order.scale, max },
  });

  test('are enough for every pod there may be, both colours of a release, and whoever looks after it', () => {
    const services = [scaled(20), scaled(20), scaled(20), scaled(20)];
    const size = poolSizeOf(services, 1000);
    expect(size).toBe(7);
    expect(services.length * 25 * (size + 2) + 20).toBeLessThanOrEqual(1000);
  });

  test('are no more than ten a pod, however many there are; a service without a database needs none', () => {
    expect(poolSizeOf([scaled(20), { ...scaled(1000), database: false }], 5000)).toBe(10);
  });

  test('that do not suffice are said with what would', () => {
    expect(() => poolSizeOf([scaled(100)], 400)).toThrow(
      /postgres\.maxConnections: is 400, but up to 105 pods with a database need 440; raise it/,
    );
  });
});

test('pods reach AWS’s servers in the isolated subnets, each on its port', () => {
  const cidrs = ['10.40.224.0/22', '10.40.228.0/22', '10.40.232.0/22'];
  expect(databasePeer(aws)).toEqual({ to: 'network', cidrs, port: 5432 });
  expect(cachePeer(aws)).toEqual({ to: 'network', cidrs, port: 6379 });
  expect(databasePeer(undefined)).toEqual({ to: 'app', app: 'postgres', port: 5432 });
});

test('the database’s authority is the one of its region', () => {
  expect(authorityOf('eu-central-1').match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
  expect(() => authorityOf('moon-north-1')).toThrow(/RDS has no authority of its own in moon-north-1/);
});
