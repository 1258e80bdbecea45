import { drafts, notificationId } from './drafts';

test('a message has one id, whichever event asks for it, and another for each channel', () => {
  const id = notificationId('order-confirmed', 'o-1', 'email');
  expect(notificationId('order-confirmed', 'o-1', 'email')).toBe(id);
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
