import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const answering = (commands: string) => {
  const program = `
    const { runProgram } = require(${JSON.stringify(join(__dirname, 'program.ts'))});
    const nothing = async () => {};
    runProgram({ config: () => ({}), migrate: nothing, serve: nothing, commands: ${commands} }, ['answer']);`;
  return spawn(process.execPath, ['--import', 'tsx', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
};

test('an answer longer than a pipe holds comes whole, however late it is read', async () => {
  const child = answering(
    `{ answer: async () => { process.stdout.write('x'.repeat(300_000) + 'end'); return 2; } }`,
  );
  const left = once(child, 'exit');
  await sleep(1500);
  let answer = '';
  for await (const part of child.stdout) answer += part;
  expect([answer.length, answer.slice(-3)]).toEqual([300_003, 'end']);
  expect((await left)[0]).toBe(2);
});

test('a command that fails says why on stderr and ends with 1', async () => {
  const child = answering(
    `{ answer: async () => { throw new Error('no way to postgres://a:secret@b/c'); } }`,
  );
  const left = once(child, 'exit');
  let said = '';
  for await (const part of child.stderr) said += part;
  expect(said).toBe('Could not start: no way to postgres://***@b/c\n');
  expect((await left)[0]).toBe(1);
});
