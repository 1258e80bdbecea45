import { spawn } from 'node:child_process';
import { LocalError } from './errors';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string | Buffer;
  timeoutMs?: number;
  /** Called with each line of stdout and stderr while the command runs. */
  onLine?: (line: string) => void;
  /** What to tell a person when the command fails. */
  hint?: string;
}

const tail = (text: string, lines = 15) => text.trimEnd().split('\n').slice(-lines).join('\n');

/** Runs a command to its end. Throws a LocalError that carries the last lines it printed. */
export const run = (command: string, args: string[], options: RunOptions = {}) =>
  new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const shown = [command, ...args].join(' ').slice(0, 200);
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out = { stdout: '', stderr: '' };
    const timer = options.timeoutMs ? setTimeout(() => child.kill('SIGKILL'), options.timeoutMs) : undefined;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        out[name] += text;
        if (options.onLine) for (const line of text.split('\n')) if (line) options.onLine(line);
      });
    }
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(
        new LocalError(`Cannot run ${command}: ${cause.message}`, {
          hint: options.hint ?? `Is ${command} installed and on PATH?`,
          cause,
        }),
      );
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(out);
      reject(
        new LocalError(
          `${shown} ended with ${signal ?? `exit code ${code}`}\n${tail(out.stderr || out.stdout)}`,
          {
            hint: options.hint ?? 'See the lines above; the same command can be run by hand.',
          },
        ),
      );
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
  });
