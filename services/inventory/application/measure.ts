import { meter } from '@platform/libs/telemetry';

type Counter = ReturnType<ReturnType<typeof meter>['createCounter']>;

/** Counts what became of reservations nobody decided about in time. */
export interface Measure {
  expired(): void;
  /** `short`: not all of it was left. */
  soldLate(short: boolean): void;
}

/** Made at first use, like the shared instruments. */
const counter = (name: string, description: string) => {
  let made: Counter | undefined;
  return () => {
    made ??= meter().createCounter(name, { description });
    return made;
  };
};
const expired = counter('reservations_expired_total', 'Stock given back because nobody decided in time');
const soldLate = counter(
  'reservations_sold_late_total',
  'Orders confirmed after their stock was given back; short: not all of it was left',
);

/** Runs just before the commit: one that fails and is repeated counts twice, the tables do not. */
export const measureReservations: Measure = {
  expired: () => expired().add(1),
  soldLate: (short) => soldLate().add(1, { short: String(short) }),
};
