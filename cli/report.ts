import pc from 'picocolors';

interface Told {
  message: string;
  hint?: string;
  retriable?: boolean;
}

const isTold = (error: unknown): error is Told =>
  error instanceof Error && typeof (error as Told).hint === 'string';

/** Says what was wrong and what to do. Only errors nobody foresaw show their stack. */
export const describeError = (error: unknown): string => {
  if (isTold(error)) {
    const again = error.retriable ? ' (the same command may succeed later)' : '';
    return `${pc.red('error:')} ${error.message}${again}\n  → ${error.hint}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${pc.red('error:')} ${text}\n  → This was not foreseen. Please report it with the lines above.`;
};

/** The end of every command that could not do its work: 2 where that was foreseen, as the Pulumi CLI has it, else 1. */
export const report = (error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = isTold(error) ? 2 : 1;
};
