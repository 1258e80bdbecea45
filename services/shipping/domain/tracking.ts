/** What the four carriers' hundreds of codes come down to, in the order of a parcel's way. */
export const trackingStatuses = [
  'label_created',
  'in_transit',
  'exception',
  'out_for_delivery',
  'delivered',
  'returned',
] as const;
export type TrackingStatus = (typeof trackingStatuses)[number];

/** One thing a carrier reported. */
export interface TrackingEvent {
  status: TrackingStatus;
  /** ISO 8601 in UTC. */
  at: string;
  /** The carrier's code; with the time it names the event. */
  code: string;
  description: string;
}

export const isOver = (status: TrackingStatus): boolean => status === 'delivered' || status === 'returned';

const keyOf = ({ at, code }: TrackingEvent) => `${at} ${code}`;
/** Of events of the same second, which is as fine as some carriers tell time, the one further on is the later. */
const byTime = (a: TrackingEvent, b: TrackingEvent) =>
  Date.parse(a.at) - Date.parse(b.at) ||
  trackingStatuses.indexOf(a.status) - trackingStatuses.indexOf(b.status);

export interface TrackingNews {
  /** Not known before, oldest first. */
  added: TrackingEvent[];
  /** Those that changed where the shipment stands, in the order they happened. */
  changes: TrackingEvent[];
  status: TrackingStatus;
}

/** What a carrier's report adds to what is known. The same report again adds nothing; a late one changes no status. */
export const newsOf = (
  known: readonly TrackingEvent[],
  reported: readonly TrackingEvent[],
  before: TrackingStatus,
): TrackingNews => {
  const seen = new Set(known.map(keyOf));
  const added = reported.filter((event) => !seen.has(keyOf(event)) && seen.add(keyOf(event))).sort(byTime);
  const latest = [...known].sort(byTime).at(-1);
  const changes: TrackingEvent[] = [];
  let status = before;
  for (const event of added) {
    if (event.status === status || (latest && byTime(event, latest) < 0)) continue;
    changes.push(event);
    status = event.status;
  }
  return { added, changes, status };
};

export interface PollPace {
  /** Between two looks at a shipment that moves. */
  firstMs: number;
  /** Doubles while nothing changes, up to this. */
  maxMs: number;
  /** A shipment nobody has heard of for so long is not asked for any more. */
  giveUpMs: number;
}

const HOUR = 3_600_000;
export const defaultPace: PollPace = { firstMs: HOUR / 4, maxMs: 6 * HOUR, giveUpMs: 45 * 24 * HOUR };

/** When to look again; undefined: never. `quiet`: how many looks in a row brought nothing; `since`: when something last did. */
export const nextLook = (
  { status, quiet, since }: { status: TrackingStatus; quiet: number; since: string },
  now: string,
  { firstMs, maxMs, giveUpMs }: PollPace = defaultPace,
): string | undefined => {
  if (isOver(status) || Date.parse(now) - Date.parse(since) > giveUpMs) return undefined;
  return new Date(Date.parse(now) + Math.min(firstMs * 2 ** Math.min(quiet, 30), maxMs)).toISOString();
};
