import { meter } from '@platform/libs/telemetry';

const DAY_MS = 86_400_000;

/** Feeds active_carts from the database: every instance says the same, so look at the largest. @returns what stops it. */
export const measureActiveCarts = (
  count: (since: string) => Promise<number>,
  now: () => string,
): (() => void) => {
  const gauge = meter().createObservableGauge('active_carts', {
    description: 'Carts with something in them, touched within 24 hours',
  });
  const observe = async (result: { observe(value: number): void }) => {
    const since = new Date(Date.parse(now()) - DAY_MS).toISOString();
    const active = await count(since).catch(() => undefined);
    if (active !== undefined) result.observe(active);
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
};
