import type { Money, News } from './notification';

export interface Message {
  subject: string;
  text: string;
}

/** What others wrote, in one line: it can end no header and begin no line of its own. */
const line = (text: string): string =>
  text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, 200);

/** ISO 4217 says how many decimals; `Intl` knows them. */
const money = ({ amount, currency }: Money): string => {
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', {
    ...{ style: 'currency', currency },
  }).resolvedOptions();
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`;
};

const CANCELLED: Record<string, string> = {
  out_of_stock: 'Something you ordered is not in stock any more.',
  payment_declined: 'Your payment was declined.',
  payment_failed: 'Your payment could not be made.',
  customer_cancelled: 'You asked us to.',
  shipment_failed: 'Nobody could be found to deliver it.',
};

const day = (instant: string): string => instant.slice(0, 10);

const write = (news: News): { subject: string; lines: string[] } => {
  switch (news.kind) {
    case 'order-confirmed': {
      const { orderId, total } = news.data;
      return {
        subject: `Your order ${orderId} is confirmed`,
        lines: [
          'Thank you for your order.',
          `Order: ${orderId}`,
          ...(total ? [`Total: ${money(total)}`] : []),
        ],
      };
    }
    case 'order-cancelled': {
      const { orderId, reason } = news.data;
      return {
        subject: `Your order ${orderId} is cancelled`,
        lines: [
          `Order ${orderId} is cancelled. ${(Object.hasOwn(CANCELLED, reason) ? CANCELLED[reason] : undefined) ?? 'It could not be completed.'}`,
          'Money that was held for it is released.',
        ],
      };
    }
    case 'shipment-booked': {
      const { orderId, carrier, trackingNumber, estimatedDelivery } = news.data;
      return {
        subject: `Your order ${orderId} is being sent`,
        lines: [
          `Order: ${orderId}`,
          `Carrier: ${carrier.toUpperCase()}`,
          `Tracking number: ${trackingNumber}`,
          ...(estimatedDelivery ? [`Expected on ${estimatedDelivery}`] : []),
        ],
      };
    }
    case 'shipment-delivered': {
      const { orderId, at } = news.data;
      return {
        subject: `Your order ${orderId} was delivered`,
        lines: [`The carrier says that order ${orderId} was delivered on ${day(at)}.`],
      };
    }
    case 'low-stock': {
      const { productId, available, threshold } = news.data;
      return {
        subject: `Low stock: ${productId}`,
        lines: [`Of ${productId} there are ${available} left; the threshold is ${threshold}.`],
      };
    }
  }
};

/** Plain text: nothing in it is ever read as markup. */
export const messageFor = (news: News): Message => {
  const { subject, lines } = write(news);
  return { subject: line(subject), text: `${lines.map(line).join('\n')}\n` };
};
