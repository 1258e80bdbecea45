import { refusal } from './pods';
import { renderStory, storyOf, type Trace } from './story';

const nothing: Trace = { events: [], waiting: [], deadLetters: [] };
const at = (second: number) => `2026-01-01T10:00:0${second}.000Z`;
const event = (type: string, second: number, data: object = {}): Trace['events'][number] => ({
  ...{ stream: 's', version: 1, type, at: at(second) },
  data: { ...data, at: 'when it was decided' },
});

test('a story goes through all services in the order in which it happened', () => {
  const story = storyOf({
    order: { ...nothing, events: [event('OrderPlaced.v1', 1), event('OrderConfirmed.v1', 4)] },
    payment: { ...nothing, events: [event('PaymentRequested.v1', 2), event('PaymentCaptured.v1', 3)] },
  });
  expect(story.map(({ service, what }) => [service, what])).toEqual([
    ['order', 'OrderPlaced.v1'],
    ['payment', 'PaymentRequested.v1'],
    ['payment', 'PaymentCaptured.v1'],
    ['order', 'OrderConfirmed.v1'],
  ]);
});

test('events of one moment keep the order of their stream', () => {
  const events = ['a', 'b', 'c', 'd'].map((type) => event(type, 1));
  expect(storyOf({ order: { ...nothing, events } }).map(({ what }) => what)).toEqual(['a', 'b', 'c', 'd']);
});

test('what is stuck is told where it is stuck', () => {
  const waiting = [
    { topic: 'order.order.v1', type: 'order.placed.v1', since: at(1), refused: null },
    { topic: 'order.order.v1', type: 'order.huge.v1', since: at(3), refused: 'too large' },
  ];
  const deadLetters = [
    { topic: 'order.order.v1.dlq', type: 'order.placed.v1', reason: 'a bug', time: at(2) },
  ];
  const lines = storyOf({ order: { ...nothing, waiting }, payment: { ...nothing, deadLetters } });
  expect(renderStory(lines).split('\n')).toEqual([
    `${at(1)}  order    ! waits: order.placed.v1        not yet published to order.order.v1`,
    `${at(2)}  payment  ! dead letter: order.placed.v1  a bug (in order.order.v1.dlq)`,
    `${at(3)}  order    ! waits: order.huge.v1          refused by the broker: too large`,
  ]);
});

test('a line says what the event says, in one line', () => {
  const story = storyOf({
    order: { ...nothing, events: [event('OrderPlaced.v1', 1, { total: { amount: 5 }, customerId: 'c-1' })] },
  });
  expect(renderStory(story)).toBe(`${at(1)}  order  OrderPlaced.v1  total={"amount":5} customerId=c-1`);
});

test('what a service refuses is told in its own words, without its log', () => {
  const stderr = [
    '{"level":"warn","msg":"something"}',
    "This service does not consume 'nope' (COMMAND_REFUSED)",
    '  It consumes: order.order.v1.',
    'command terminated with exit code 1',
  ].join('\n');
  expect(refusal(stderr, new Error('Command failed: kubectl exec …'))).toMatchObject({
    message: "This service does not consume 'nope' (COMMAND_REFUSED)",
    hint: 'It consumes: order.order.v1.',
  });
  expect(refusal('', new Error('gone'))).toMatchObject({ message: 'gone' });
});
