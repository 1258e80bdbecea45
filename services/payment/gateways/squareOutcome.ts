import { SquareError, SquareTimeoutError } from 'square';
import type { Outcome } from '../domain/charging';
import { nameOf, networkCode, outcomeWithoutAnswer } from './network';

/** What an error of an authorisation says about it. Anything not understood may have had its effect. */
export const outcomeOfError = (error: unknown): Outcome => {
  if (error instanceof SquareTimeoutError) return { kind: 'unknown', error: 'ETIMEDOUT' };
  if (!(error instanceof SquareError)) return { kind: 'unknown', error: 'unexpected_error' };
  const { statusCode: status } = error;
  // Its library means to say a time-out by an error of its own, and says it by this word.
  if (error.cause === 'timeout') return { kind: 'unknown', error: 'ETIMEDOUT' };
  if (status === undefined) return outcomeWithoutAnswer(networkCode(error) ?? 'connection_lost');
  const [first] = error.errors;
  const code = first?.code.toLowerCase() ?? `http_${status}`;
  if (status === 429) return { kind: 'retriable', error: 'rate_limited' };
  if (status === 401 || status === 403) return { kind: 'misconfigured', error: code };
  if (status >= 500 || status === 408) return { kind: 'unknown', error: `http_${status}` };
  // Our key is in use by a request that still runs, or was used with other parameters: something of ours exists there.
  if (status === 409 || first?.code === 'IDEMPOTENCY_KEY_REUSED') return { kind: 'unknown', error: code };
  const customersFault = first?.category === 'PAYMENT_METHOD_ERROR' || first?.field === 'source_id';
  return customersFault ? { kind: 'declined', reason: code } : { kind: 'misconfigured', error: code };
};

/** The short name of what went wrong. */
export const errorOf = (error: unknown): string => nameOf(outcomeOfError(error));
