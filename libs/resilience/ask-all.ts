/**
 * Asks for each key, `atOnce` at the same time, so that one long list does not crowd out all others. What has no answer is left out.
 * @throws what `ask` throws
 */
export async function askAll<K, V>(
  keys: K[],
  atOnce: number,
  ask: (key: K) => Promise<V | undefined>,
): Promise<Map<K, V>> {
  const answers = new Map<K, V>();
  for (let from = 0; from < keys.length; from += atOnce) {
    const some = keys.slice(from, from + atOnce);
    const found = await Promise.all(some.map(ask));
    some.forEach((key, index) => {
      const answer = found[index];
      if (answer !== undefined) answers.set(key, answer);
    });
  }
  return answers;
}
