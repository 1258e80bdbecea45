import { drafts, isNews, notificationId, pointless, sendable } from './notification';

test('a message has one id, whichever event asks for it, and another for each channel', () => {
  const id = notificationId('order-confirmed', 'o-1', 'email');
  expect(notificationId('order-confirmed', 'o-1', 'email')).toBe(id);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const others = [
    notificationId('order-confirmed', 'o-1', 'webhook'),
    notificationId('order-cancelled', 'o-1', 'email'),
    notificationId('order-confirmed', 'o-2', 'email'),
  ];
  expect(new Set([id, ...others]).size).toBe(4);
  const low = { kind: 'low-stock', data: { productId: 'p', available: 0, threshold: 1 } } as const;
  expect(drafts(low, 'e-1', ['webhook', 'email']).map(({ channel }) => channel)).toEqual([
    'webhook',
    'email',
  ]);
  expect(drafts(low, 'e-1', [])).toEqual([]);
});

test('nothing goes out about an order before it is known whose it is and how it ended', () => {
  expect(sendable({ state: 'confirmed' })).toEqual([]);
  expect(sendable({ customerId: 'c-1', state: 'open' })).toEqual([]);
  expect(sendable({ customerId: 'c-1', state: 'confirmed' })).toEqual([
    ...['order-confirmed', 'shipment-booked', 'shipment-delivered'],
  ]);
});

test('nobody hears of the parcel of a cancelled order', () => {
  expect(sendable({ customerId: 'c-1', state: 'cancelled' })).toEqual(['order-cancelled']);
  expect(pointless({ customerId: 'c-1', state: 'cancelled' })).toContain('shipment-booked');
  expect(pointless({ customerId: 'c-1', state: 'confirmed' })).toEqual([]);
});

test('what happened more than three days ago is no news', () => {
  const now = '2030-01-10T00:00:00.000Z';
  expect(isNews('2030-01-07T00:00:01.000Z', now)).toBe(true);
  expect(isNews('2030-01-06T23:59:59.000Z', now)).toBe(false);
  expect(isNews('', now)).toBe(true);
});
