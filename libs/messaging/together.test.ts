import type { EventConsumer } from './consumer';
import { together } from './together';

const consumer = (topic: string) => ({
  topics: [topic],
  start: jest.fn(async () => undefined),
  stop: jest.fn(async () => undefined),
  joined: jest.fn(() => true),
  deadLetters: jest.fn(async () => []),
  replay: jest.fn(async () => []),
});

test('several consumers are asked as one, each about its own topics', async () => {
  const [one, other] = [consumer('a.a.v1'), consumer('b.b.v1')];
  const both: EventConsumer = together(one, other);
  expect(both.topics).toEqual(['a.a.v1', 'b.b.v1']);
  await both.start();
  await both.replay('b.b.v1');
  await both.deadLetters('a.a.v1');
  await both.stop();
  expect(one.replay).not.toHaveBeenCalled();
  expect(other.replay).toHaveBeenCalledWith('b.b.v1');
  expect(one.deadLetters).toHaveBeenCalledWith('a.a.v1');
  for (const { start, stop } of [one, other])
    expect([start, stop].map((f) => f.mock.calls.length)).toEqual([1, 1]);
  other.joined.mockReturnValue(false);
  expect(both.joined()).toBe(false);
  expect(() => both.replay('c.c.v1')).toThrow('nobody here consumes c.c.v1');
});
