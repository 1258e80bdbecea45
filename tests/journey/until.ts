import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until there is an answer that is neither undefined nor false, and returns it. What `ask` throws goes through; throws itself when
 * the time is over.
 */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | false | undefined>,
  seconds = 60,
): Promise<T> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(300)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`${what}: not within ${seconds} s`);
};
