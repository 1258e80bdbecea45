/** Who a message goes to, for the channel; and what came of it. Reasons are codes: what a server says may name the recipient. */
export type SendOutcome =
  | { kind: 'sent' }
  /** Nobody will take it, however often it is tried. */
  | { kind: 'refused'; reason: string }
  /** There is nobody to send it to any more. */
  | { kind: 'undeliverable'; reason: string }
  | { kind: 'retriable'; reason: string };

export interface Pace {
  /** Tries in all. */
  attempts: number;
  /** Before the second try; doubled from then on. */
  firstPauseMs: number;
  maxPauseMs: number;
}

/** Seven hours in all: longer than a mail server is usually away. */
export const defaultPace: Pace = { attempts: 16, firstPauseMs: 10_000, maxPauseMs: 3_600_000 };

export type Step =
  | { status: 'sent' }
  | { status: 'failed'; outcome: 'failed' | 'undeliverable'; reason: string }
  | { status: 'pending'; reason: string; pauseMs: number };

/** What follows from try number `attempt` (from 1). */
export const afterAttempt = (outcome: SendOutcome, attempt: number, pace: Pace): Step => {
  switch (outcome.kind) {
    case 'sent':
      return { status: 'sent' };
    case 'refused':
      return { status: 'failed', outcome: 'failed', reason: outcome.reason };
    case 'undeliverable':
      return { status: 'failed', outcome: 'undeliverable', reason: outcome.reason };
    case 'retriable':
      if (attempt >= pace.attempts) return { status: 'failed', outcome: 'failed', reason: outcome.reason };
      return {
        ...{ status: 'pending', reason: outcome.reason },
        pauseMs: Math.min(pace.maxPauseMs, pace.firstPauseMs * 2 ** (attempt - 1)),
      };
  }
};
