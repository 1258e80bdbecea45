import type { Contracts, Published } from '@platform/libs/messaging';
import { z } from 'zod';

const aboutPayment = z.object({ orderId: z.uuid(), paymentId: z.string().min(1) });
const money = z.object({ amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) });
const gateway = z.string();
const reason = z.string();
const paid = aboutPayment.extend({ gateway, transactionId: z.string(), amount: money });
const refund = aboutPayment.extend({ refundId: z.string() });

/** What others hear of payments. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'payment.authorised.v1': paid,
  'payment.captured.v1': paid,
  'payment.succeeded.v1': paid,
  'payment.capture-failed.v1': aboutPayment.extend({ reason }),
  'payment.voided.v1': aboutPayment,
  'payment.declined.v1': aboutPayment.extend({ gateway, reason }),
  'payment.failed.v1': aboutPayment.extend({ reason }),
  'payment.refunded.v1': refund.extend({ amount: money }),
  // Without an amount where nothing could be given back at all.
  'payment.refund-failed.v1': refund.extend({ amount: money.optional(), reason }),
} satisfies Contracts;

export type Message = Published<typeof published>;
