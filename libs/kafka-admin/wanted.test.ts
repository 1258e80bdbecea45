import { readWanted } from './wanted';

const read = (topics: string, grants = '{}') => readWanted({ KAFKA_TOPICS: topics, KAFKA_GRANTS: grants });

test('a line is a topic', () => {
  expect(read('order.order.v1:12:604800000:3\norder.order.v1.dlq:1:1000:3\n').KAFKA_TOPICS).toEqual([
    { name: 'order.order.v1', partitions: 12, retentionMs: 604_800_000, replication: 3 },
    { name: 'order.order.v1.dlq', partitions: 1, retentionMs: 1000, replication: 3 },
  ]);
});

test.each([
  ['a topic without figures', 'order.order.v1', '{}', /KAFKA_TOPICS is not valid: .*name:partitions/],
  ['no JSON', 'a:1:1:1', 'all', /KAFKA_GRANTS.* must be JSON/],
  [
    'an operation that nobody is given',
    'a:1:1:1',
    JSON.stringify({
      x: [
        {
          type: 'allow',
          resource: { type: 'topic', name: 'a', patternType: 'literal' },
          operations: ['All'],
        },
      ],
    }),
    /KAFKA_GRANTS/,
  ],
])('%s is refused', (_what, topics, grants, why) => {
  expect(() => read(topics, grants)).toThrow(why);
});
