import { loadCatalogue } from '../catalog/load';
import { parseConfig } from '../config';
import { connectionsOf } from './connections';
import { nodeCertificateSpec, nodeEnvironment } from './event-store';
import { serviceEnvironment } from './service-environment';

const services = loadCatalogue('production');
const config = (eventStore: string) =>
  parseConfig({
    'ecommerce-platform:environment': 'production',
    'ecommerce-platform:eventStore': eventStore,
  });
const order = services.filter(({ name }) => name === 'order');

test('three nodes find each other by name, and by no other means', () => {
  const env = Object.fromEntries(nodeEnvironment('shop').map(({ name, value }) => [name, value]));
  expect(env).toMatchObject({
    KURRENTDB_CLUSTER_SIZE: '3',
    KURRENTDB_GOSSIP_SEED: [0, 1, 2]
      .map((node) => `kurrentdb-${node}.kurrentdb-nodes.shop.svc.cluster.local:2113`)
      .join(','),
    KURRENTDB_NODE_HOST_ADVERTISE_AS: '$(POD_NAME).kurrentdb-nodes.shop.svc.cluster.local',
  });
  expect(Object.keys(env)).not.toContain('KURRENTDB_INSECURE');
});

test('a certificate names every node and the address clients use', () => {
  expect(nodeCertificateSpec('shop')).toMatchObject({
    commonName: 'kurrentdb-node',
    dnsNames: ['*.kurrentdb-nodes.shop.svc.cluster.local', 'kurrentdb.shop.svc.cluster.local', 'kurrentdb'],
    usages: expect.arrayContaining(['server auth', 'client auth']),
  });
});

test.each([
  ['kurrentdb', true],
  ['postgres', false],
])('with %s a service that keeps events is told of KurrentDB, and may reach it: %s', (setting, told) => {
  for (const service of order) {
    const context = { services, config: config(setting) };
    const names = serviceEnvironment(service, context).map(({ name }) => name);
    const peers = connectionsOf(service, services, context).egress.map((peer) => 'app' in peer && peer.app);
    expect([names.includes('EVENT_STORE_URL'), peers.includes('kurrentdb')]).toEqual([told, told]);
  }
});
