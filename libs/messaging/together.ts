import type { EventConsumer } from './consumer';

/** Several consumers of one service, each with topics of its own, as one. */
export function together(...consumers: EventConsumer[]): EventConsumer {
  const of = (topic: string): EventConsumer => {
    const found = consumers.find(({ topics }) => topics.includes(topic));
    if (!found) throw new Error(`nobody here consumes ${topic}`);
    return found;
  };
  return {
    topics: consumers.flatMap(({ topics }) => topics),
    async start() {
      for (const consumer of consumers) await consumer.start();
    },
    async stop() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
    joined: () => consumers.every((consumer) => consumer.joined()),
    deadLetters: (topic) => of(topic).deadLetters(topic),
    replay: (topic) => of(topic).replay(topic),
  };
}
