import { type Projection, project, type StoredEvent } from '../eventstore';

/** An event as a test writes it down; the rest is made up. */
type Told<E> = E & { stream: string; recordedAt?: Date };

/** `expect(given(projection, what happened).when(what happens)).toEqual(rows by key)`: all rows, as they are afterwards. */
export function given<Row, E extends { type: string; data: unknown }>(
  projection: Projection<Row, E>,
  history: Told<E>[],
): { when(...events: Told<E>[]): Record<string, Row> } {
  const versions = new Map<string, number>();
  const stored = (told: Told<E>): StoredEvent => {
    const version = (versions.get(told.stream) ?? 0) + 1;
    versions.set(told.stream, version);
    return { version, metadata: {}, recordedAt: new Date(0), ...told };
  };
  return {
    when(...events) {
      const before = new Map<string, Row>();
      // History comes one by one, what happens all at once: a projection must not care.
      for (const event of history.map(stored)) keep(before, project(projection, before, [event]));
      keep(before, project(projection, before, events.map(stored)));
      return Object.fromEntries(before);
    },
  };
}

function keep<Row>(rows: Map<string, Row>, changed: Map<string, Row | undefined>): void {
  for (const [key, row] of changed) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, row);
  }
}
