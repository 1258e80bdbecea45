/** What went wrong on this machine, and what to do about it. `retriable` says whether the same call may go through later. */
export class LocalError extends Error {
  readonly hint: string;
  readonly retriable: boolean;

  constructor(message: string, options: { hint: string; retriable?: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'LocalError';
    this.hint = options.hint;
    this.retriable = options.retriable ?? false;
  }
}
