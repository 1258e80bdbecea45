import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../errors';
import { hashOf, readJson, writeJson } from './files';

/** One long-running program of a cluster. */
export interface ProcessSpec {
  name: string;
  /** The program itself and its arguments. */
  argv: string[];
  /** What stands before it on the command line, such as nsenter; it execs the program. */
  through: string[];
  env: Record<string, string>;
  pidFile: string;
  logFile: string;
}

interface PidRecord {
  pid: number;
  /** Boot and start time: a pid alone may have been given to somebody else since. */
  identity: string;
  argvHash: string;
}

/** Every process of a cluster carries this variable, so that one whose pid file was never written can still be found. */
export const markerVariable = 'ECOMMERCE_PLATFORM_CLUSTER';

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** State and start time out of the text of /proc/PID/stat; the name in it may hold spaces and parentheses. */
export const parseStat = (stat: string): { state: string; startTime: string } => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, startTime: fields[19]! };
};

/** What tells this process from any other that ever had its pid; undefined when it is gone or a zombie. */
export const identityOf = (pid: number): string | undefined => {
  try {
    const { state, startTime } = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return state === 'Z' || state === 'X' ? undefined : `${bootId()}:${startTime}`;
  } catch {
    return undefined;
  }
};

const argvHash = (spec: ProcessSpec) => hashOf(...spec.argv, JSON.stringify(spec.env));

const readRecord = (pidFile: string): PidRecord | undefined => {
  try {
    return readJson<PidRecord>(pidFile);
  } catch {
    return undefined; // half a record is no record: the marker finds the process
  }
};

/** The pid in a pid file, if that very process still runs. */
export const runningPid = (pidFile: string): number | undefined => {
  const record = readRecord(pidFile);
  return record && identityOf(record.pid) === record.identity ? record.pid : undefined;
};

const readOrEmpty = (path: string) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** All processes started for the cluster in `clusterDir`, containers' shims among them. */
export const markedProcesses = (clusterDir: string): { pid: number; argv: string[] }[] => {
  const wanted = `${markerVariable}=${clusterDir}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => readOrEmpty(`/proc/${name}/environ`).split('\0').includes(wanted))
    .filter((name) => identityOf(Number(name)))
    .map((name) => ({ pid: Number(name), argv: readOrEmpty(`/proc/${name}/cmdline`).split('\0') }));
};

const orphansOf = (spec: ProcessSpec) =>
  markedProcesses(spec.env[markerVariable] ?? '').filter(({ argv }) => {
    const own = argv[0] === spec.through[0] ? argv.slice(spec.through.length) : argv;
    return own[0] === spec.argv[0] && own[1] === spec.argv[1];
  });

/** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
export const endProcess = async (pid: number, graceMs = 10_000): Promise<void> => {
  const identity = identityOf(pid);
  const alive = () => identity !== undefined && identityOf(pid) === identity;
  const signal = (name: NodeJS.Signals) => {
    try {
      if (alive()) process.kill(pid, name);
    } catch {
      // it ended in between
    }
  };
  signal('SIGTERM');
  for (let waited = 0; alive() && waited < graceMs; waited += 25) await sleep(25);
  signal('SIGKILL');
  for (let waited = 0; alive() && waited < 5000; waited += 25) await sleep(25);
};

const keepLogSmall = (file: string) => {
  if (existsSync(file) && statSync(file).size > 16 * 1024 * 1024) renameSync(file, `${file}.1`);
};

/** Starts the process unless it runs already as asked for; one that runs with other arguments is replaced. */
export const ensureProcess = async (spec: ProcessSpec): Promise<{ pid: number; started: boolean }> => {
  const running = runningPid(spec.pidFile);
  if (running && readRecord(spec.pidFile)?.argvHash === argvHash(spec))
    return { pid: running, started: false };
  if (running) await endProcess(running);
  // Left by a start that was killed between starting it and writing its pid file.
  for (const { pid } of orphansOf(spec)) await endProcess(pid);
  for (const file of [spec.pidFile, spec.logFile]) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  keepLogSmall(spec.logFile);
  const log = openSync(spec.logFile, 'a', 0o600);
  const [command, ...args] = [...spec.through, ...spec.argv];
  const child = spawn(command!, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: spec.env,
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new LocalError(`Cannot start ${spec.name}: ${cause.message}`, {
          hint: 'Run: platform doctor',
          cause,
        }),
      ),
    );
  });
  const record: PidRecord = {
    pid: child.pid!,
    identity: identityOf(child.pid!) ?? '',
    argvHash: argvHash(spec),
  };
  writeJson(spec.pidFile, record);
  child.unref();
  return { pid: child.pid!, started: true };
};

/** Ends the process of a pid file and removes the file. */
export const stopProcess = async (pidFile: string, graceMs?: number): Promise<void> => {
  const pid = runningPid(pidFile);
  if (pid) await endProcess(pid, graceMs);
  rmSync(pidFile, { force: true });
};

/** Resident memory in bytes. */
export const memoryOf = (pid: number): number => {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/status`));
  return match ? Number(match[1]) * 1024 : 0;
};

export const logTail = (file: string, lines: number): string => {
  const text = readOrEmpty(file).trimEnd();
  return text ? text.split('\n').slice(-lines).join('\n') : `(${basename(file)} is empty)`;
};

// A link either appears whole or fails because the lock exists: there is no moment in which two can have it.
const tryLock = (file: string): boolean => {
  const draft = `${file}.${process.pid}`;
  writeJson(draft, {
    pid: process.pid,
    identity: identityOf(process.pid) ?? '',
    argvHash: '',
  } satisfies PidRecord);
  try {
    if (existsSync(file) && !runningPid(file)) rmSync(file, { force: true });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Runs `work` while no other process of this user works on the same thing; a lock left by a dead one is taken over. */
export const withLock = async <T>(file: string, what: string, work: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + 300_000;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  while (!tryLock(file)) {
    if (Date.now() > deadline) {
      throw new LocalError(`${what} is being worked on by process ${runningPid(file) ?? '(just ended)'}`, {
        hint: 'Wait for it to end, then run the same command again.',
        retriable: true,
      });
    }
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
};
