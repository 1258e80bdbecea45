const MAX_BATCH = 200;

/**
 * Turns reads of single keys that come in the same turn of the event loop into one: under load a statement then
 * answers many requests, and alone a read waits for nothing.
 */
export function createBatcher<V>(load: (keys: string[]) => Promise<Map<string, V>>) {
  let waiting: { key: string; resolve: (value: V | undefined) => void; reject: (error: unknown) => void }[] =
    [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    const keys = [...new Set(batch.map(({ key }) => key))];
    load(keys).then(
      (found) => {
        for (const { key, resolve } of batch) resolve(found.get(key));
      },
      (error) => {
        for (const { reject } of batch) reject(error);
      },
    );
  };
  return (key: string): Promise<V | undefined> =>
    new Promise((resolve, reject) => {
      if (waiting.push({ key, resolve, reject }) === 1) setImmediate(flush);
      else if (waiting.length >= MAX_BATCH) flush();
    });
}
