/** Length of a time step of RFC 6238, ms. */
export const STEP_MS = 30_000;
export const MAX_FAILURES = 5;
/** How long codes are refused after too many wrong ones, ms. */
export const LOCK_MS = 15 * 60_000;

export interface SecondFactor {
  confirmed: boolean;
  /** The newest step a code was accepted for; older ones are never accepted again. */
  lastStep: number;
  failures: number;
  failedAt?: Date;
}

export type CodeCheck = 'accepted' | 'wrong' | 'locked';

/** Whether codes are looked at at all. */
export const isLocked = ({ failures, failedAt }: SecondFactor, now: Date): boolean =>
  failures >= MAX_FAILURES && failedAt !== undefined && now.getTime() - failedAt.getTime() < LOCK_MS;

/**
 * Judges a one-time code. `step` is the time step the code belongs to; undefined when it belongs to none nearby. Wrong
 * codes count until one is right or the lock is over.
 */
export function judgeCode(
  factor: SecondFactor,
  step: number | undefined,
  now: Date,
): { check: CodeCheck; factor: SecondFactor } {
  if (isLocked(factor, now)) return { check: 'locked', factor };
  if (step !== undefined && step > factor.lastStep) {
    return { check: 'accepted', factor: { ...factor, lastStep: step, failures: 0, failedAt: undefined } };
  }
  const over = factor.failures >= MAX_FAILURES;
  return { check: 'wrong', factor: { ...factor, failures: over ? 1 : factor.failures + 1, failedAt: now } };
}
