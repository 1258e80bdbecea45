import { contractsOf, itWithContracts, violations } from './contracts';
import { type Rendered, render, type Stack } from './stack';

jest.setTimeout(300_000);

let stack: Stack;
beforeAll(async () => {
  stack = await render('production', { policies: false });
});

const kinds = ['Kafka', 'KafkaNodePool', 'KafkaTopic', 'KafkaUser'];

describe('Kafka in production', () => {
  itWithContracts('strimzi')('is what Strimzi’s definitions describe, to the last field', () => {
    const objects = kinds.flatMap((kind) => stack.all(kind));
    expect(objects.length).toBeGreaterThan(10);
    expect(violations(contractsOf('strimzi'), objects)).toEqual([]);
  });

  it('has no other brokers beside it', () => {
    expect(stack.all('StatefulSet').map(({ metadata }) => metadata.name)).not.toContain('kafka');
  });

  it('has a user for every service with topics, and each pod the user of its own service only', () => {
    const users = stack.all('KafkaUser').map(({ metadata }) => metadata.name);
    expect(users.sort()).toEqual([
      ...['cart-service', 'inventory-service', 'notification-service', 'order-service', 'payment-service'],
      ...['product-service', 'shipping-service', 'user-service'],
    ]);
    for (const user of users) {
      const { env, volumeMounts } = stack.one('Deployment', `${user}-blue`).spec.template.spec.containers[0];
      const secrets = env.flatMap((each: Rendered) => each.valueFrom?.secretKeyRef?.name ?? []);
      expect(secrets.filter((name: string) => name.startsWith('kafka-user-'))).toEqual([
        `kafka-user-${user}`,
      ]);
      expect(volumeMounts.map(({ mountPath }: Rendered) => mountPath)).toContain('/var/run/secrets/kafka-ca');
    }
  });

  it('lets nobody touch a topic that its catalogue entry does not name', () => {
    for (const { metadata, spec } of stack.all('KafkaUser')) {
      for (const { resource, operations } of spec.authorization.acls) {
        expect([metadata.name, resource.name]).not.toContain('*');
        expect(operations).not.toContain('All');
        if (resource.patternType === 'prefix')
          expect(resource).toMatchObject({ type: 'group', name: metadata.name });
      }
    }
  });

  it('keeps its pods out of the sidecars', () => {
    const { spec } = stack.one('Kafka', 'kafka');
    expect(spec.kafka.template.pod.metadata.labels['sidecar.istio.io/inject']).toBe('false');
    expect(spec.entityOperator.template.pod.metadata.labels['sidecar.istio.io/inject']).toBe('false');
  });
});

describe('secrets in production', () => {
  it('are fetched from the secrets manager, and made nowhere else', () => {
    // Consul's are used by nobody outside the cluster, and are computed from what is made at random. Kong reads the name of a
    // group from a Secret; there is nothing secret in it.
    const made = stack.all('Secret').map(({ metadata }) => metadata.name);
    expect(made.filter((name) => !/consul|^signing-key-\d+-acl$/.test(name))).toEqual([]);
    const fetched = stack.all('ExternalSecret');
    expect(fetched.map(({ metadata }) => metadata.name).sort()).toEqual([
      'carriers-secret',
      'cart-database-secret',
      'database-secret',
      'inventory-database-secret',
      'jwt-secret',
      'notification-client-secret',
      'notification-database-secret',
      'order-database-secret',
      'payment-database-secret',
      'paypal-secret',
      'postgres-secret',
      'redis-secret',
      'shipping-database-secret',
      'signing-key-1-jwt',
      'smtp-secret',
      'square-secret',
      'staff-webhook-secret',
      'stripe-secret',
      'user-database-secret',
      'user-mfa-secret',
    ]);
    for (const { metadata, spec } of fetched) {
      expect(spec.target).toMatchObject({ name: metadata.name, creationPolicy: 'Owner' });
      expect(spec.secretStoreRef).toEqual({ kind: 'SecretStore', name: 'platform-secrets' });
      // RDS makes its administrator's entry and names it.
      if (metadata.name === 'postgres-secret') continue;
      // Kong's credential is the public half of the signing key.
      const entry = metadata.name === 'signing-key-1-jwt' ? 'jwt-secret' : metadata.name;
      for (const { remoteRef } of spec.data)
        expect(remoteRef.key).toBe(`ecommerce-platform/production/${entry}`);
    }
  });

  it('are built into addresses by the controller, not here', () => {
    expect(stack.one('ExternalSecret', 'order-database-secret').spec.target.template.data).toEqual({
      password: '{{ index . "password" }}',
      host: '{{ index . "host" }}',
      username: 'order_a',
      'generation-1': 'fetched',
      url: 'postgres://order_a:{{ index . "password" }}@{{ index . "host" }}:5432/order?sslmode=verify-full&sslrootcert=/var/run/secrets/database-ca/ca.pem',
    });
  });

  it('are read with the identity of one service account, without a key of the cloud', () => {
    const { provider } = stack.one('SecretStore', 'platform-secrets').spec;
    expect(provider.aws.auth).toEqual({ jwt: { serviceAccountRef: { name: 'external-secrets' } } });
    expect(stack.one('ServiceAccount', 'external-secrets').metadata.annotations).toMatchObject({
      'eks.amazonaws.com/role-arn': expect.stringContaining(':role/ecommerce-platform-production-secrets'),
    });
  });
});
