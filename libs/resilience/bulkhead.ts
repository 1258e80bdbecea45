import { BulkheadRejectedError, bulkhead } from 'cockatiel';

/** There is more to do than there is room for, right now. */
export class Overloaded extends Error {
  readonly code = 'OVERLOADED';
  readonly retriable = true;
  constructor(what: string) {
    super(`Too much ${what} at the same time, try again shortly`);
    this.name = 'Overloaded';
  }
}

/** Runs at most `atOnce` pieces of work at a time and lets `waiting` wait. @throws Overloaded beyond that. */
export function limitConcurrency(what: string, options: { atOnce: number; waiting: number }) {
  const policy = bulkhead(options.atOnce, options.waiting);
  return async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await policy.execute(work);
    } catch (error) {
      throw error instanceof BulkheadRejectedError ? new Overloaded(what) : error;
    }
  };
}
