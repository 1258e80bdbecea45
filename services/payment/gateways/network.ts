import type { Outcome } from '../domain/charging';

/** The connection never came about, so nothing was sent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What it says about a charge that its request ended without an answer. */
export const outcomeWithoutAnswer = (code: string): Outcome =>
  NEVER_SENT.has(code) ? { kind: 'retriable', error: code } : { kind: 'unknown', error: code };

/** The code of a network error, wherever libraries put it. */
export const networkCode = (error: unknown): string | undefined => {
  let at = error as { code?: unknown; name?: unknown; cause?: unknown } | undefined;
  for (let depth = 0; at && depth < 5; depth += 1) {
    if (at.name === 'AbortError') return 'ETIMEDOUT';
    if (typeof at.code === 'string') return at.code;
    at = at.cause as typeof at;
  }
  return undefined;
};

/** The short name of what an outcome says went wrong. */
export const nameOf = (outcome: Outcome): string =>
  'error' in outcome ? outcome.error : 'reason' in outcome ? outcome.reason : outcome.kind;
