import { type HttpClient, UpstreamError } from '@platform/libs/resilience';
import { z } from 'zod';
import type { OrderPort, PlacingOutcome } from '../application/ports';

/** Only what is needed here is looked at; the rest is the customer's. */
const order = z.looseObject({ id: z.string().min(1) });
const problem = z.object({
  type: z.string(),
  detail: z.string(),
  errors: z
    .array(
      z.object({
        in: z.enum(['body', 'query', 'params', 'headers']),
        pointer: z.string(),
        detail: z.string(),
      }),
    )
    .optional(),
});

/** Answers that mean: understood, and nothing was ordered. */
const NO = [400, 401, 403, 409, 422];

const outcomeOf = (status: number, body: unknown): PlacingOutcome => {
  if (status === 202) {
    const placed = order.safeParse(body);
    return placed.success ? { kind: 'placed', order: placed.data } : { kind: 'unknown', cause: placed.error };
  }
  const refused = problem.safeParse(body);
  if (!NO.includes(status) || !refused.success)
    return { kind: 'unknown', cause: new Error(`the order service answered ${status}`) };
  const { type, detail, errors } = refused.data;
  const code = type.split(':').at(-1) ?? '';
  if (code === 'total-changed') return { kind: 'total_changed' };
  if (code === 'idempotency-key-reused') return { kind: 'key_used' };
  return { kind: 'refused', refusal: { status, code, detail, ...(errors && { errors }) } };
};

/** Orders at the order service. `client` has to ask once only. */
export const createOrderPort = (client: HttpClient): OrderPort => ({
  async place(authorization, key, request) {
    try {
      const headers = { authorization, 'idempotency-key': key };
      const { status, body } = await client.request('POST', '/v1/orders', { body: request, headers });
      return outcomeOf(status, body);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return { kind: error.mayHaveArrived ? 'unknown' : 'not_sent', cause: error };
    }
  },
});
