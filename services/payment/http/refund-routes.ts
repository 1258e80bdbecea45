import { conflict, notFound, type Route, route } from '@platform/libs/http';
import { idempotencyKey } from '@platform/libs/idempotency';
import { z } from 'zod';
import { refundIdOf } from '../application/ids';
import type { Payments } from '../application/payments';
import type { PaymentStore } from '../application/ports';
import { isKnown, type Refund, refundable } from '../domain/payment';
import type { RefundRefusal } from '../domain/settling';
import { money } from './schemas';

export interface RefundRoutesDeps {
  store: Pick<PaymentStore, 'load'>;
  payments: Pick<Payments, 'requestRefund'>;
}

const refund = z
  .object({
    id: z.uuid(),
    status: z.enum(['pending', 'done', 'failed']),
    amount: money,
    reason: z.string().optional(),
    failure: z.string().optional().meta({ description: 'Why the gateway will not give it back.' }),
  })
  .meta({ id: 'Refund' });

const refundView = ({ refundId: id, status, amount, reason, failure }: Refund) => ({
  ...{ id, status, amount },
  ...(reason !== undefined && { reason }),
  ...(failure !== undefined && { failure }),
});

const params = z.strictObject({ id: z.uuid() });

const refundBody = z.strictObject({
  amount: z
    .strictObject({ amount: z.int().positive(), currency: z.string().regex(/^[A-Z]{3}$/) })
    .optional()
    .meta({ description: 'All that is left, unless told.' }),
  reason: z.string().min(1).max(200).optional(),
});

const headers = z.object({
  'idempotency-key': idempotencyKey('refund'),
});

const none = () => notFound('There is no such payment.');

const refusals: Record<RefundRefusal, (left: string) => Error> = {
  not_captured: () =>
    conflict('not-captured', 'Nothing was taken for this payment, so nothing can be given back.'),
  too_much: (left) => conflict('refund-too-much', `At most ${left} is left to give back; ask for that.`),
  wrong_currency: (left) =>
    conflict('wrong-currency', `The payment was in another currency: ${left} is left.`),
  other_amount: () =>
    conflict(
      'idempotency-key-reused',
      'This Idempotency-Key was used for a refund of another amount. Use a new one for a new refund.',
    ),
};

const responses = {
  401: { description: 'No valid access token.' },
  403: { description: 'The access token does not allow this: only staff with a second factor may.' },
  404: { description: 'There is no such payment.' },
};

export const refundRoutes = ({ store, payments }: RefundRoutesDeps): Route[] => [
  route({
    method: 'post',
    path: '/v1/payments/:id/refunds',
    summary: 'Give money back',
    description: 'In part or all. It is written down now and given back soon: look at it with GET.',
    scope: 'payments:refund',
    params,
    headers,
    body: refundBody,
    responses: {
      202: { description: 'Written down.', schema: refund },
      ...responses,
      409: { description: 'More than is left, another currency, nothing taken, or a key used before.' },
    },
    async handle({ params: { id: paymentId }, headers: given, body, principal }) {
      const refundId = refundIdOf(paymentId, given['idempotency-key']);
      const request = { paymentId, refundId, ...body, requestedBy: principal.id };
      const { payment, refused } = await payments.requestRefund(request);
      if (!isKnown(payment) || refused === 'no_payment') throw none();
      if (refused) {
        throw refusals[refused](`${refundable(payment)} ${payment.amount.currency} (minor units)`);
      }
      const made = payment.refunds.find((one) => one.refundId === refundId) as Refund;
      return { status: 202, body: refundView(made) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/payments/:id/refunds',
    summary: 'What was given back of a payment',
    scope: 'payments:refund',
    params,
    responses: {
      200: { description: 'The refunds, oldest first.', schema: z.object({ items: z.array(refund) }) },
      ...responses,
    },
    async handle({ params: { id } }) {
      const payment = await store.load(id);
      if (!isKnown(payment)) throw none();
      return { headers: { 'cache-control': 'no-store' }, body: { items: payment.refunds.map(refundView) } };
    },
  }),
];
