import { createCutOut } from './cut-out';

const setup = () => {
  const cutOut = createCutOut<string>({
    failed: (answer) => answer === 'bad',
    breakAfter: 2,
    breakForMs: 40,
  });
  const calls: string[] = [];
  const run = (answer: string) =>
    cutOut.run(
      async () => {
        calls.push(answer);
        return answer;
      },
      () => 'out',
    );
  return { cutOut, calls, run };
};

test('stays away after failures in a row, and comes back when a try goes well', async () => {
  const { cutOut, calls, run } = setup();
  expect([await run('bad'), await run('good'), await run('bad')]).toEqual(['bad', 'good', 'bad']);
  expect(cutOut.isOut()).toBe(false);
  expect(await run('bad')).toBe('bad');
  expect([cutOut.isOut(), await run('good')]).toEqual([true, 'out']);
  expect(calls).toEqual(['bad', 'good', 'bad', 'bad']);

  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(cutOut.isOut()).toBe(false);
  expect([await run('bad'), cutOut.isOut()]).toEqual(['bad', true]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([await run('good'), cutOut.isOut(), await run('good')]).toEqual(['good', false, 'good']);
});

test('lets an error through as it is', async () => {
  const { cutOut } = setup();
  await expect(
    cutOut.run(
      () => Promise.reject(new Error('a bug')),
      () => 'out',
    ),
  ).rejects.toThrow('a bug');
});
