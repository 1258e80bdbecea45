import type { Queryable } from './pool';
import { isDatabaseUnavailable } from './transaction';

/** How long a copy that could not be reached is left alone. */
const LEAVE_ALONE_MS = 5000;
/** A copy may have to break off a read to keep up with the database. */
const CONFLICT_WITH_RECOVERY = '40001';

/**
 * For reads that may be a moment old: asks the copy, and the database itself where there is none or while it cannot be
 * reached. A statement that is at fault itself, or too slow, fails: it would be no better there. Never for writes.
 */
export function readsFrom(
  copy: Queryable | undefined,
  database: Queryable,
  now: () => number = Date.now,
): Queryable {
  if (!copy) return database;
  let leftAloneUntil = 0;
  // biome-ignore lint/suspicious/noExplicitAny: the driver's query has a dozen overloads, all passed through unchanged
  const query = async (...args: any[]): Promise<unknown> => {
    // biome-ignore lint/suspicious/noExplicitAny: see above
    const ask = (whom: Queryable): Promise<unknown> => (whom as any).query(...args);
    if (now() < leftAloneUntil) return ask(database);
    // After a failure one request tries, and nobody else waits for how it ends.
    if (leftAloneUntil > 0) leftAloneUntil = now() + LEAVE_ALONE_MS;
    try {
      const result = await ask(copy);
      leftAloneUntil = 0;
      return result;
    } catch (error) {
      const unavailable = isDatabaseUnavailable(error);
      if (unavailable) leftAloneUntil = now() + LEAVE_ALONE_MS;
      else if ((error as { code?: unknown }).code !== CONFLICT_WITH_RECOVERY) throw error;
      return ask(database);
    }
  };
  return { query: query as Queryable['query'] };
}
