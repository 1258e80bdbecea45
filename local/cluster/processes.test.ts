import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  endProcess,
  ensureProcess,
  identityOf,
  markedProcesses,
  markerVariable,
  type ProcessSpec,
  parseStat,
  runningPid,
  stopProcess,
  withLock,
} from './processes';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'processes-'));
});
afterEach(async () => {
  for (const { pid } of markedProcesses(dir)) await endProcess(pid, 0);
  rmSync(dir, { recursive: true, force: true });
});

const spec = (more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name: 'sleeper',
  argv: ['/bin/sleep', '300'],
  through: [],
  env: { [markerVariable]: dir },
  pidFile: join(dir, 'sleeper.json'),
  logFile: join(dir, 'sleeper.log'),
  ...more,
});

describe('a pid file', () => {
  it('is only believed for the very process that wrote it', async () => {
    const { pid } = await ensureProcess(spec());
    expect(runningPid(spec().pidFile)).toBe(pid);
    const record = JSON.parse(readFileSync(spec().pidFile, 'utf8'));
    // The pid lives, but as somebody else: this test.
    writeFileSync(spec().pidFile, JSON.stringify({ ...record, pid: process.pid }));
    expect(runningPid(spec().pidFile)).toBeUndefined();
  });

  it('that was cut short counts as none', () => {
    writeFileSync(spec().pidFile, '{"pid": 1');
    expect(runningPid(spec().pidFile)).toBeUndefined();
  });

  it('of a process that is gone is not believed', async () => {
    const { pid } = await ensureProcess(spec());
    await endProcess(pid, 1000);
    expect(runningPid(spec().pidFile)).toBeUndefined();
  });

  it('reads a process name with blanks and parentheses', () => {
    const rest = ['S', ...Array.from({ length: 18 }, (_, i) => String(i)), '4711', '0'].join(' ');
    expect(parseStat(`12 (a ) (b) ${rest}`)).toEqual({ state: 'S', startTime: '4711' });
  });
});

describe('a process of the cluster', () => {
  it('is not started twice', async () => {
    const first = await ensureProcess(spec());
    expect(await ensureProcess(spec())).toEqual({ pid: first.pid, started: false });
  });

  it('is started again after it was killed', async () => {
    const first = await ensureProcess(spec());
    process.kill(first.pid, 'SIGKILL');
    await endProcess(first.pid, 1000);
    const second = await ensureProcess(spec());
    expect(second.started).toBe(true);
    expect(second.pid).not.toBe(first.pid);
  });

  it('is replaced when it is to run with other arguments', async () => {
    const first = await ensureProcess(spec());
    const second = await ensureProcess(spec({ argv: ['/bin/sleep', '301'] }));
    expect(second.started).toBe(true);
    expect(identityOf(first.pid)).toBeUndefined();
  });

  it('is found and replaced when its pid file was never written', async () => {
    const first = await ensureProcess(spec());
    rmSync(spec().pidFile);
    await ensureProcess(spec());
    expect(identityOf(first.pid)).toBeUndefined();
    expect(markedProcesses(dir)).toHaveLength(1);
  });

  it('that ignores SIGTERM is killed', async () => {
    const stubborn = spec({ argv: ['/bin/sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done'] });
    const { pid } = await ensureProcess(stubborn);
    while (!readFileSync(stubborn.logFile, 'utf8').includes('up'))
      await new Promise((done) => setTimeout(done, 10));
    await stopProcess(stubborn.pidFile, 100);
    expect(identityOf(pid)).toBeUndefined();
  });

  it('that cannot be started is a clear error', async () => {
    await expect(ensureProcess(spec({ argv: ['/no/such/program'] }))).rejects.toThrow(/Cannot start sleeper/);
  });
});

describe('the lock of a profile', () => {
  it('lets one at a time in', async () => {
    const file = join(dir, 'lock');
    let inside = 0;
    let most = 0;
    const work = () =>
      withLock(file, 'Profile x', async () => {
        most = Math.max(most, ++inside);
        await new Promise((done) => setTimeout(done, 20));
        inside--;
      });
    await Promise.all([work(), work(), work()]);
    expect(most).toBe(1);
  });

  it('is taken over from a process that died with it', async () => {
    const file = join(dir, 'lock');
    writeFileSync(file, JSON.stringify({ pid: 999_999, identity: 'gone', argvHash: '' }));
    await expect(withLock(file, 'Profile x', async () => 'in')).resolves.toBe('in');
  });
});
