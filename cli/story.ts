/** What `main.js trace` of one service answers. */
export interface Trace {
  events: { stream: string; version: number; type: string; data: Record<string, unknown>; at: string }[];
  /** Messages that wait in the outbox; `refused` by the broker for good. */
  waiting: { topic: string; type: string; since: string; refused: string | null }[];
  deadLetters: { topic: string; type?: string; reason: string; time: string }[];
}

export interface Line {
  /** ISO 8601. */
  at: string;
  service: string;
  what: string;
  details: string;
}

/** All services' traces of one thing as one story, in the order in which it happened; what is stuck stands in its place, marked. */
export const storyOf = (traces: Record<string, Trace>): Line[] =>
  Object.entries(traces)
    .flatMap(([service, { events, waiting, deadLetters }]): Line[] => [
      ...events.map(({ type, data, at }) => ({ at, service, what: type, details: detailsOf(data) })),
      ...waiting.map(({ topic, type, since, refused }) => ({
        ...{ at: since, service, what: `! waits: ${type}` },
        details: refused ? `refused by the broker: ${refused}` : `not yet published to ${topic}`,
      })),
      ...deadLetters.map(({ topic, type, reason, time }) => ({
        ...{ at: time, service, what: `! dead letter: ${type ?? 'no event'}` },
        details: `${reason} (in ${topic})`,
      })),
    ])
    // Events of one moment keep the order of their stream.
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));

/** The time stands at the front of the line. */
const detailsOf = ({ at: _at, ...data }: Record<string, unknown>): string =>
  Object.entries(data)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');

export const renderStory = (lines: Line[]): string => {
  const width = (of: (line: Line) => string) => Math.max(0, ...lines.map((line) => of(line).length));
  const service = width((line) => line.service);
  const what = width((line) => line.what);
  return lines
    .map((line) =>
      `${line.at}  ${line.service.padEnd(service)}  ${line.what.padEnd(what)}  ${line.details}`.trimEnd(),
    )
    .join('\n');
};
