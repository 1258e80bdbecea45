import { ConfigError } from '../config';

export interface Program<C> {
  config: () => C;
  /** Runs pending migrations (and seeds), then the process exits with 0. */
  migrate: (config: C) => Promise<void>;
  /** Opens sockets and returns; the process lives until it is asked to stop. */
  serve: (config: C) => Promise<void>;
  /** Further one-time commands by name; `args` is what follows the name. A number they give back is the exit code, else 0. */
  commands?: Record<string, (config: C, args: string[]) => Promise<unknown>>;
}

/**
 * The one entry of a service container: `main.js` serves, `main.js migrate` migrates and leaves, and so do its other commands.
 * Any failure to start is one readable message on stderr and exit code 1.
 */
export async function runProgram<C>(
  program: Program<C>,
  argv: string[] = process.argv.slice(2),
): Promise<void> {
  try {
    const [name = 'serve', ...args] = argv;
    if (name === 'serve') return await program.serve(program.config());
    const commands: Program<C>['commands'] = { ...program.commands, migrate: program.migrate };
    if (!Object.hasOwn(commands, name)) {
      const known = Object.keys(commands).sort().join(', ');
      throw new ConfigError([`'${name}' is no command; use none (serve), or one of: ${known}`]);
    }
    const code = await commands[name]?.(program.config(), args);
    await leave(typeof code === 'number' ? code : 0);
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    await leave(1);
  }
}

/** A pipe takes 64 KiB at once; whoever exits before its reader took the rest cuts the answer off. */
async function leave(code: number): Promise<void> {
  const written = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => stream.write('', () => resolve()));
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(code);
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return 'Could not start: an unknown error was thrown';
  const { code, hint } = error as Error & { code?: string; hint?: string };
  // Connection strings may stand in driver messages: keep what is between :// and @ out of the output.
  const message = error.message.replace(/\/\/[^@\s/]*@/g, '//***@');
  // What a command refuses is its answer, no failure to begin.
  const prefix = code === 'COMMAND_REFUSED' ? '' : 'Could not start: ';
  return `${prefix}${message}${code ? ` (${code})` : ''}${hint ? `\n  ${hint}` : ''}`;
}
