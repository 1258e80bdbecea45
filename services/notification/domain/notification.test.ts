import { isNews, pointless, sendable } from './notification';

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
