import type { Position, StoredEvent, Streams, TransactionalEventStore } from './store';

/** How data of one version of a type becomes data of the next. */
export interface Upcast {
  /** The type it becomes; may itself have an upcast. */
  to: string;
  data(old: unknown): unknown;
}

/** By the old type: `{ 'order.placed.v1': { to: 'order.placed.v2', data: … } }`. Code then knows the newest version only. */
export type Upcasts = Readonly<Record<string, Upcast>>;

/** The event as it would have been written today; itself when it is up to date. What was written is never changed. */
export function upcast<E extends { type: string; data: unknown }>(upcasts: Upcasts, event: E): E {
  const step = Object.hasOwn(upcasts, event.type) ? upcasts[event.type] : undefined;
  return step ? upcast(upcasts, { ...event, type: step.to, data: step.data(event.data) }) : event;
}

/** The same store to a reader who knows the newest version of each type only. */
export function withUpcasts(store: TransactionalEventStore, upcasts: Upcasts): TransactionalEventStore {
  demandAnEnd(upcasts);
  const today = async <E extends StoredEvent>(events: Promise<E[]>) =>
    (await events).map((event) => upcast(upcasts, event));
  const streams = (inner: Streams): Streams => ({
    append: (...args) => inner.append(...args),
    readStream: (...args) => today(inner.readStream(...args)),
  });
  return {
    ...streams(store),
    within: (client) => streams(store.within(client)),
    readAll: (after: Position, limit: number) => today(store.readAll(after, limit)),
    watch: (notify) => store.watch(notify),
  };
}

/** @throws Error for upcasts that lead back to where they came from. */
export function demandAnEnd(upcasts: Upcasts): void {
  for (const start of Object.keys(upcasts)) {
    const seen = new Set<string>();
    for (let type: string | undefined = start; type !== undefined; type = upcasts[type]?.to) {
      if (seen.has(type))
        throw new Error(`The upcasts of '${start}' never come to an end: '${type}' comes again`);
      seen.add(type);
    }
  }
}
