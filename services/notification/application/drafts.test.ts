import { drafts, notificationId } from './drafts';

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
