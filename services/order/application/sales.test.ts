import { given } from '@platform/libs/testing';
import { type StoredOrderEvent, sales } from './sales';

const total = { amount: 3998, currency: 'EUR' };
const about = (stream: string, event: StoredOrderEvent) => ({ stream, ...event });
const placed = (id: string) =>
  about(`order-${id}`, {
    type: 'OrderPlaced.v1',
    data: {
      orderId: id,
      customerId: 'c-1',
      items: [],
      total,
      paymentMethod: 'pm_1',
      at: '2026-01-01T10:00:00.000Z',
    },
  });
const confirmed = (id: string) =>
  about(`order-${id}`, {
    type: 'OrderConfirmed.v1',
    data: { paymentId: 'p-1', at: '2026-01-01T10:00:02.000Z' },
  });
const cancelled = (id: string) =>
  about(`order-${id}`, {
    type: 'OrderCancelled.v1',
    data: { reason: 'out_of_stock', at: '2026-01-02T00:00:00.000Z' },
  });
const pending = { total, status: 'pending', placedAt: '2026-01-01T10:00:00.000Z' };

test('OrderPlaced: a sale that is pending, without the customer', () => {
  expect(given(sales, []).when(placed('a'))).toEqual({ a: pending });
});

test('OrderConfirmed: the sale counts from then', () => {
  expect(given(sales, [placed('a'), placed('b')]).when(confirmed('a'))).toEqual({
    a: { ...pending, status: 'confirmed', settledAt: '2026-01-01T10:00:02.000Z' },
    b: pending,
  });
});

test('OrderCancelled: the sale never was', () => {
  expect(given(sales, [placed('a')]).when(cancelled('a'))).toEqual({
    a: { ...pending, status: 'cancelled', settledAt: '2026-01-02T00:00:00.000Z' },
  });
});

test('steps of the checkout in between: nothing', () => {
  const step = about('order-a', {
    type: 'PaymentRequested.v1',
    data: { attempt: 1, at: '2026-01-01T10:00:01.000Z' },
  });
  expect(given(sales, [placed('a')]).when(step)).toEqual({ a: pending });
});
