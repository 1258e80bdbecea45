import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LocalError } from '../errors';
import type { OpenConfig, Project } from './project';

/** Pulumi's own runner, as the project itself resolves it: program and stubs then speak the same version. */
export const resolveFrom = (directory: string, module: string): string => {
  try {
    return createRequire(join(directory, 'index.js')).resolve(module);
  } catch (cause) {
    throw new LocalError(`${directory} cannot find ${module}`, { hint: 'Run npm ci first.', cause });
  }
};

// A single odd line must not hide the rest, so lines are cut and given one by one.
export const eachLine = (stream: NodeJS.ReadableStream, use: (line: string) => void): void => {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) use(line);
  });
  stream.on('end', () => rest.trim() && use(rest));
};

/** A child that ends with the engine, also when the engine throws. SIGKILL of the engine closes its gRPC peer instead. */
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
export const track = <T extends ChildProcess>(child: T): T => {
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
};

/** What Pulumi's runners expect of configuration in their environment. */
export const configEnvironment = (config: OpenConfig, separator: ':config:' | ':') => ({
  PULUMI_CONFIG: JSON.stringify(
    Object.fromEntries(
      Object.entries(config.values).map(([key, value]) => [key.replace(':', separator), value]),
    ),
  ),
  PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
});

/** Arguments for node that make Pulumi's runners start sooner. */
export const preload = ['--require', join(__dirname, 'preload.cjs')];

export interface ProgramRun {
  project: Project;
  stack: string;
  config: OpenConfig;
  address: string;
  dryRun: boolean;
  parallel: number;
  onLine: (line: string, from: 'stdout' | 'stderr') => void;
  signal: AbortSignal;
}

/** Runs the Pulumi program to its end. Resolves to its exit code: 0 fine, 32 a problem it already logged. */
export const runProgram = (run: ProgramRun): Promise<number> => {
  const { project, address } = run;
  const args = [
    ...preload,
    ...project.runtime.nodeargs,
    resolveFrom(project.workingDirectory, '@pulumi/pulumi/cmd/run'),
    ...['--monitor', address, '--engine', address, '--project', project.name, '--stack', run.stack],
    ...[
      '--organization',
      'organization',
      '--root-directory',
      project.root,
      '--pwd',
      project.workingDirectory,
    ],
    ...(run.dryRun ? ['--dry-run'] : []),
    ...['--parallel', String(run.parallel), project.entry],
  ];
  const child = track(
    spawn(process.execPath, args, {
      cwd: project.workingDirectory,
      env: {
        ...process.env,
        ...configEnvironment(run.config, ':config:'),
        PULUMI_NODEJS_TYPESCRIPT: String(project.runtime.typescript),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  eachLine(child.stdout, (line) => run.onLine(line, 'stdout'));
  eachLine(child.stderr, (line) => run.onLine(line, 'stderr'));
  const stop = () => child.kill('SIGKILL');
  run.signal.addEventListener('abort', stop);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      run.signal.removeEventListener('abort', stop);
      resolve(code ?? (signal ? 1 : 0));
    });
  });
};
