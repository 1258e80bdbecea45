import type { ServiceEntry } from '../catalog/schema';

export const millisecondsPerHour = 3_600_000;
/** Dead letters wait for a person, who may be on holiday. */
export const deadLetterHours = 24 * 30;

/** `name:partitions:retentionMs:replication`, a line per topic and its dead letters, as the kafka image's `topics` reads it. */
export function topicLines(services: ServiceEntry[], replication: number): string[] {
  return services.flatMap(({ topics }) =>
    topics.produces.flatMap(({ name, partitions, retentionHours }) => [
      [name, partitions, retentionHours * millisecondsPerHour, replication].join(':'),
      [`${name}.dlq`, 1, deadLetterHours * millisecondsPerHour, replication].join(':'),
    ]),
  );
}
