// What the catalogue says of topics, in the words of those who make them.
import type { ServiceEntry } from '../catalog/schema';
import { appName, usesTopics } from './context';

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

type Operation = 'Read' | 'Write' | 'Describe';

/** As a KafkaUser of Strimzi has it, and libs/kafka-admin. */
interface Grant {
  type: 'allow';
  resource: { type: 'topic' | 'group'; name: string; patternType: 'literal' | 'prefix' };
  operations: Operation[];
}

/** What a service may do: write what it produces, read what it consumes in groups of its own name, put aside what it cannot use, and replay that. */
export function grantsOf(service: ServiceEntry): Grant[] {
  const { produces, consumes } = service.topics;
  const topic = (name: string, ...operations: Operation[]): Grant => ({
    type: 'allow',
    resource: { type: 'topic', name, patternType: 'literal' },
    operations,
  });
  const group: Grant = {
    type: 'allow',
    resource: { type: 'group', name: appName(service), patternType: 'prefix' },
    operations: ['Read', 'Describe'],
  };
  return [
    ...produces.map(({ name }) => topic(name, 'Write', 'Describe')),
    ...consumes.flatMap((name) => [
      topic(name, 'Read', 'Describe'),
      topic(`${name}.dlq`, 'Read', 'Write', 'Describe'),
    ]),
    ...(consumes.length > 0 ? [group] : []),
  ];
}

/** Grants of all, by user, as libs/kafka-admin reads them. */
export const grantsText = (services: ServiceEntry[]): string =>
  JSON.stringify(
    Object.fromEntries(services.filter(usesTopics).map((service) => [appName(service), grantsOf(service)])),
  );
