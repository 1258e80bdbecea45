import { meter } from '@platform/libs/telemetry';

/** Feeds shipments_unresolved from the database. @returns what stops it. */
export const measureUnresolved = (count: () => Promise<number>): (() => void) => {
  const gauge = meter().createObservableGauge('shipments_unresolved', {
    description: 'Shipments whose label a person has to look for, or that the carrier does not take back',
  });
  const observe = async (result: { observe(value: number): void }) => {
    const unresolved = await count().catch(() => undefined);
    if (unresolved !== undefined) result.observe(unresolved);
  };
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
};
