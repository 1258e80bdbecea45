import { agentConfiguration, serviceRules, tokenOf } from './consul';

test('a token is a UUID that always comes of the same password, and shows nothing of it', () => {
  expect(tokenOf('one')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(tokenOf('one')).toBe(tokenOf('one'));
  expect(tokenOf('one')).not.toBe(tokenOf('two'));
});

test('a server denies what is not allowed, encrypts gossip, and is no mesh', () => {
  const made = agentConfiguration({ gossipKey: 'k'.repeat(32), managementToken: 'm', agentToken: 'a' });
  expect(made.acl).toMatchObject({ enabled: true, default_policy: 'deny' });
  expect(Buffer.from(made.encrypt, 'base64')).toHaveLength(32);
  expect([made.connect.enabled, made.ui_config.enabled]).toEqual([false, false]);
});

test('a service writes only its own name, and reads only those it calls', () => {
  const rules = serviceRules('order-service', ['product-service']).split('\n');
  expect(rules).toEqual([
    'service "order-service" { policy = "write" }',
    'service "product-service" { policy = "read" }',
    'node_prefix "" { policy = "read" }',
  ]);
});
