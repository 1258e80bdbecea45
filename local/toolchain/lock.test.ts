import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock } from './lock';

describe('a lock of a tool', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-'));
    file = join(folder, 'deep', '.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets one in at a time, in whatever order they come', async () => {
    const order: string[] = [];
    const work = async (name: string) => {
      const held = await acquireLock(file);
      order.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} out`);
      await held.release();
    };
    await Promise.all([work('a'), work('b'), work('c')]);
    for (let index = 0; index < order.length; index += 2) {
      expect(order[index + 1]).toBe(order[index]!.replace('in', 'out'));
    }
  });

  it('is free again when the process that held it was killed', async () => {
    const program = `
      const { acquireLock } = require(${JSON.stringify(join(__dirname, 'lock.ts'))});
      acquireLock(${JSON.stringify(file)}).then(() => { console.log('held'); setInterval(() => {}, 1000); });`;
    const other = spawn(process.execPath, ['--import', 'tsx', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');

    const said: string[] = [];
    const next = acquireLock(file, (line) => said.push(line));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(said).toEqual([`waiting for process ${other.pid}, which builds it already`]);

    other.kill('SIGKILL');
    await (await next).release();
  }, 20_000);

  it('says so when the folder cannot be written', async () => {
    await expect(acquireLock('/dev/null/.lock')).rejects.toThrow();
  });
});
