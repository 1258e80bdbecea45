import { createLogger } from '../telemetry';
import { startWorkLoop, type WorkLoop } from './work-loop';

const logger = createLogger('test', { level: 'silent' });
let loop: WorkLoop | undefined;
afterEach(() => loop?.stop());

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('goes on without a pause while there is work', async () => {
  let left = 500;
  loop = startWorkLoop({ waiting: 'numbers wait', logger, step: async () => left-- > 0 });
  await until(() => left < 0);
});

test('is woken long before it would look by itself, also by a call that comes during a step', async () => {
  const done: number[] = [];
  const work: number[] = [];
  loop = startWorkLoop({
    ...{ waiting: 'numbers wait', logger, pollMs: 3_600_000 },
    async step() {
      const next = work.shift();
      if (next === undefined) return false;
      await new Promise((resolve) => setTimeout(resolve, 10));
      done.push(next);
      return true;
    },
  });
  for (const number of [1, 2, 3]) {
    work.push(number);
    loop.wake();
    await until(() => done.includes(number));
  }
});

test('tries again after a failure, and a stop does not wait for the pause', async () => {
  let steps = 0;
  loop = startWorkLoop({
    ...{ waiting: 'numbers wait', logger },
    async step() {
      steps++;
      if (steps === 1) throw new Error('not yet');
      if (steps === 2) return false;
      throw new Error('never again');
    },
  });
  await until(() => steps >= 4);
  const asked = Date.now();
  await loop.stop();
  expect(Date.now() - asked).toBeLessThan(300);
});

test('looks again soon for what shows up after its wake-up, and ever later while nothing does', async () => {
  const looks: number[] = [];
  loop = startWorkLoop({
    ...{ waiting: 'numbers wait', logger, pollMs: 3_600_000, lateMs: 5 },
    async step() {
      looks.push(performance.now());
      return false;
    },
  });
  await until(() => looks.length >= 6);
  expect(looks[5]! - looks[4]!).toBeGreaterThan(70);
});
