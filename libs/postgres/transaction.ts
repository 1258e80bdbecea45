import type { Pool, PoolClient } from './pool';

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws (the error is passed on).
 * Nothing is retried here: whoever calls knows whether `work` may run twice (see isRetriableDatabaseError).
 */
export async function withTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection lost between two statements must not end the process as an unhandled 'error' event.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * Waits for statements of one transaction that need nothing of each other, and are on their way together: one round trip
 * instead of one each. They are done in the order in which they were begun; what is no statement stands for none.
 * @throws what the first of them to fail says; the others only say that the transaction is at an end.
 */
export async function together<T extends readonly unknown[]>(
  ...statements: T
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(statements);
  // All have ended, so what fails is the first in their order, not the first that was heard of.
  return Promise.all(statements);
}

const RETRIABLE_STATES = new Set(['40001', '40P01', '55P03', '57014']);
const UNAVAILABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);

/** True when the database cannot be reached at the moment: waiting helps, the statement is not to blame. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && (UNAVAILABLE_CODES.has(code) || code.startsWith('08'))) return true;
  return (
    typeof message === 'string' &&
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      message,
    )
  );
}

/** True when the same transaction may well succeed if it is run again (deadlock, serialisation, time-out, no database). */
export function isRetriableDatabaseError(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return (typeof code === 'string' && RETRIABLE_STATES.has(code)) || isDatabaseUnavailable(error);
}

/** True for a violated unique constraint; with a name, only for that one. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const found = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return found.code === '23505' && (constraint === undefined || found.constraint === constraint);
}

/** True when a text has the character NUL, which PostgreSQL keeps neither in a text nor in JSON. */
export function holdsNul(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '22021' || code === '22P05';
}
