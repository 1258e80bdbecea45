import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import type { BreakerFigures } from './endpoints';

/** Keeps away, for a while, from somebody who failed several times in a row. */
export interface CutOut<T> {
  /** True while nobody is let through, but for the one who tries whether it is over. */
  isOut(): boolean;
  /** Does `work`, or answers `instead` while it is out. */
  run(work: () => Promise<T>, instead: () => T): Promise<T>;
}

/** For work that answers with its failure; an error that is thrown counts as none. */
export function createCutOut<T>({
  failed,
  breakAfter = 5,
  breakForMs = 5000,
}: BreakerFigures & { failed: (answer: T) => boolean }): CutOut<T> {
  const policy = circuitBreaker(
    handleWhenResult((answer) => failed(answer as T)),
    { halfOpenAfter: breakForMs, breaker: new ConsecutiveBreaker(breakAfter) },
  );
  let brokenAt = 0;
  policy.onBreak(() => {
    brokenAt = Date.now();
  });
  return {
    isOut: () =>
      policy.state === CircuitState.HalfOpen ||
      (policy.state === CircuitState.Open && Date.now() - brokenAt < breakForMs),
    async run(work, instead) {
      try {
        return await policy.execute(work);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return instead();
        throw error;
      }
    },
  };
}
