import { readConfig } from '../../services/inventory/config';
import { defaultPatience } from '../../services/order/domain/checkout';

/** What an order may take from its reservation to its end, if every answer comes at the last moment. A capture is waited for without end. */
const longestCheckout = (): number => {
  const { stockMs, paymentMs, paymentAttempts, shipmentMs, shipmentAttempts } = defaultPatience;
  const { compensationMs, compensationAttempts } = defaultPatience;
  const undoing = 3 * compensationAttempts * compensationMs;
  return stockMs + paymentAttempts * paymentMs + shipmentAttempts * shipmentMs + undoing;
};

test('inventory holds stock for longer than a checkout has patience', () => {
  const { RESERVATION_SECONDS } = readConfig({
    DATABASE_URL: 'postgres://inventory:pw@postgres:5432/inventory',
    KAFKA_BROKERS: 'kafka:9092',
    JWKS_URL: 'http://user-service/.well-known/jwks.json',
  });
  expect(RESERVATION_SECONDS * 1000).toBeGreaterThan(longestCheckout());
});
