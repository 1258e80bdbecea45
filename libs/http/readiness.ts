/** By name ('database', 'broker'): resolves when it can be used, rejects with the reason otherwise. */
export type ReadyChecks = Record<string, () => Promise<unknown>>;

export interface Readiness {
  ready: boolean;
  checks: Record<string, string>;
}

/** Asks all at once, each within `timeoutMs`; answers of the last second are reused, so that probes cannot pile up. */
export function createReadiness(checks: ReadyChecks, timeoutMs = 2500): () => Promise<Readiness> {
  let latest: { at: number; result: Promise<Readiness> } | undefined;
  const ask = async (): Promise<Readiness> => {
    const entries = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcome(check, timeoutMs)] as const),
    );
    return { ready: entries.every(([, result]) => result === 'ok'), checks: Object.fromEntries(entries) };
  };
  return () => {
    if (!latest || Date.now() - latest.at > 1000) latest = { at: Date.now(), result: ask() };
    return latest.result;
  };
}

/** The reason stays in the log; the answer names the kind only, since it is readable from outside the pod. */
async function outcome(check: () => Promise<unknown>, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  });
  const answer = check().then(
    () => 'ok',
    (error: { code?: unknown }) => `unavailable${error?.code ? ` (${String(error.code)})` : ''}`,
  );
  const result = await Promise.race([answer, late]);
  clearTimeout(timer);
  return result;
}
