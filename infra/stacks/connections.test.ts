import { loadCatalogue } from '../catalog/load';
import { environments } from '../catalog/schema';
import { connectionsOf } from './connections';
import { appName } from './context';

/** `a → b` for everything a service may open, by label `app`, without DNS. */
const allowed = (environment: (typeof environments)[number]) => {
  const services = loadCatalogue(environment);
  return services.flatMap((service) => {
    const { egress } = connectionsOf(service, services);
    return egress
      .filter((peer) => peer.to !== 'dns')
      .map((peer) => `${appName(service)} → ${peer.to === 'app' ? peer.app : peer.to}`);
  });
};

test('in production services reach what they declare and nothing else', () => {
  expect(allowed('production')).toEqual([
    'cart-service → postgres',
    'cart-service → kafka',
    'cart-service → order-service',
    'cart-service → product-service',
    'cart-service → user-service',
    'inventory-service → postgres',
    'inventory-service → kafka',
    'inventory-service → user-service',
    'notification-service → postgres',
    'notification-service → kafka',
    'notification-service → user-service',
    'notification-service → internet',
    'order-service → postgres',
    'order-service → kafka',
    'order-service → product-service',
    'order-service → shipping-service',
    'order-service → user-service',
    'payment-service → postgres',
    'payment-service → kafka',
    'payment-service → user-service',
    'payment-service → internet',
    'product-service → postgres',
    'product-service → redis',
    'product-service → kafka',
    'product-service → user-service',
    'shipping-service → postgres',
    'shipping-service → kafka',
    'shipping-service → user-service',
    'shipping-service → internet',
    'user-service → postgres',
    'user-service → kafka',
    'user-service → cart-service',
    'user-service → notification-service',
    'user-service → order-service',
    'user-service → payment-service',
    'user-service → shipping-service',
  ]);
});

test('locally payment, shipping and notification talk to sandboxes instead of the outside', () => {
  const local = allowed('local');
  expect(local).toContain('payment-service → payment-sandbox');
  expect(local).toContain('shipping-service → carriers-sandbox');
  expect(local).toContain('notification-service → mail-sandbox');
  expect(local.filter((each) => each.endsWith('internet'))).toEqual([]);
});

test('a sandbox is let in only where it calls back', () => {
  const services = loadCatalogue('local');
  const callers = services.flatMap((service) =>
    connectionsOf(service, services).ingress.flatMap((peer) =>
      peer.to === 'app' && peer.app.endsWith('-sandbox') ? [`${peer.app} → ${appName(service)}`] : [],
    ),
  );
  expect(callers).toEqual(['payment-sandbox → payment-service']);
});

test.each(environments)('in %s both ends of a call agree', (environment) => {
  const services = loadCatalogue(environment);
  const outgoing = services.flatMap((service) =>
    connectionsOf(service, services).egress.flatMap((peer) =>
      peer.to === 'app' && peer.app.endsWith('-service')
        ? [`${appName(service)} → ${peer.app}:${peer.port}`]
        : [],
    ),
  );
  const incoming = services.flatMap((service) =>
    connectionsOf(service, services).ingress.flatMap((peer) =>
      peer.to === 'app' && peer.app.endsWith('-service')
        ? [`${peer.app} → ${appName(service)}:${peer.port}`]
        : [],
    ),
  );
  expect(incoming.sort()).toEqual(outgoing.sort());
});
