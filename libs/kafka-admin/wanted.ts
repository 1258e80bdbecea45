import { z } from 'zod';
import { parseEnv } from '../config';

export interface WantedTopic {
  name: string;
  partitions: number;
  retentionMs: number;
  replication: number;
}

/** One line each, as our own Kafka image's `topics` reads them. */
const topicLine = /^([\w.-]+):(\d+):(\d+):(\d+)$/;

const topics = z
  .string()
  .transform((text) => text.split('\n').filter((line) => line.trim()))
  .refine((lines) => lines.every((line) => topicLine.test(line)), {
    error: 'must be a line name:partitions:retentionMs:replication per topic',
  })
  .transform((lines): WantedTopic[] =>
    lines.map((line) => {
      const [, name = '', ...figures] = topicLine.exec(line) ?? [];
      const [partitions = 1, retentionMs = 0, replication = 1] = figures.map(Number);
      return { name, partitions, retentionMs, replication };
    }),
  );

const operations = z.array(z.enum(['Read', 'Write', 'Describe'])).min(1);

const grants = z.record(
  z.string().min(1),
  z.array(
    z.strictObject({
      type: z.literal('allow'),
      resource: z.strictObject({
        type: z.enum(['topic', 'group']),
        name: z.string().min(1),
        patternType: z.enum(['literal', 'prefix']),
      }),
      operations,
    }),
  ),
);

/** User → what the user may do, in the words of Strimzi's KafkaUser. Users named with nothing may do nothing. */
export type WantedGrants = z.infer<typeof grants>;

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** What is to exist, from the environment. @throws ConfigError */
export const readWanted = (env: Record<string, string | undefined>) =>
  parseEnv(z.object({ KAFKA_TOPICS: topics, KAFKA_GRANTS: json(grants) }), env);
