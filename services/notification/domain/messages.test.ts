import { messageFor } from './messages';
import type { News } from './notification';

const orderId = '6b1f0a52-6f0e-4d53-9f0a-0c6a6f3b8a11';

describe('the message about', () => {
  it('a confirmed order says what it costs, in the currency’s own decimals', () => {
    const of = (amount: number, currency: string) =>
      messageFor({ kind: 'order-confirmed', data: { orderId, total: { amount, currency } } });
    expect(of(1299, 'USD').subject).toBe(`Your order ${orderId} is confirmed`);
    expect(of(1299, 'USD').text).toContain('Total: 12.99 USD\n');
    expect(of(1299, 'JPY').text).toContain('Total: 1299 JPY\n');
    expect(of(5, 'USD').text).toContain('Total: 0.05 USD\n');
    expect(messageFor({ kind: 'order-confirmed', data: { orderId } }).text).not.toContain('Total');
  });

  it.each([
    ['payment_declined', 'Your payment was declined.'],
    ['stock_timeout', 'It could not be completed.'],
    ['toString', 'It could not be completed.'],
  ])('an order cancelled for %s gives the reason in words, never the code', (reason, words) => {
    const { text } = messageFor({ kind: 'order-cancelled', data: { orderId, reason } });
    expect(text).toContain(words);
    expect(text).not.toContain(reason);
  });

  it('a booked parcel says who brings it, its number, and the day where it is known', () => {
    const of = (estimatedDelivery: string | null) =>
      messageFor({
        kind: 'shipment-booked',
        data: { orderId, carrier: 'ups', trackingNumber: '1Z9', estimatedDelivery },
      }).text;
    expect(of('2030-01-05')).toBe(
      `Order: ${orderId}\nCarrier: UPS\nTracking number: 1Z9\nExpected on 2030-01-05\n`,
    );
    expect(of(null)).not.toContain('Expected');
  });

  it('a delivered parcel says the day', () => {
    const { text } = messageFor({
      kind: 'shipment-delivered',
      data: { orderId, at: '2030-01-05T10:11:12.000Z' },
    });
    expect(text).toContain('delivered on 2030-01-05.');
  });

  it('low stock says of what and how much is left', () => {
    const { subject, text } = messageFor({
      kind: 'low-stock',
      data: { productId: 'prd-00001', available: 3, threshold: 5 },
    });
    expect([subject, text]).toEqual([
      'Low stock: prd-00001',
      'Of prd-00001 there are 3 left; the threshold is 5.\n',
    ]);
  });
});

describe('what others wrote', () => {
  const nasty = '1Z\r\nBcc: a\u2028b\u0000<script>alert(1)</script>';
  const messages: News[] = [
    {
      kind: 'shipment-booked',
      data: { orderId, carrier: nasty, trackingNumber: nasty, estimatedDelivery: nasty },
    },
    { kind: 'low-stock', data: { productId: nasty, available: 1, threshold: 1 } },
    { kind: 'order-cancelled', data: { orderId: nasty, reason: nasty } },
  ];

  it.each(messages.map((news) => [news.kind, news] as const))(
    'ends no line and no header: %s',
    (_kind, news) => {
      const { subject, text } = messageFor(news);
      expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(
        text
          .trimEnd()
          .split('\n')
          .filter((one) => one.startsWith('Bcc')),
      ).toEqual([]);
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    },
  );
});
