import { LocalError } from '../errors';

/** What installers print when something outside of them is wrong, and what a person can do about it. */
const causes: { sign: RegExp; message: string; hint: string }[] = [
  {
    sign: /no space left on device|ENOSPC|Disk quota exceeded|EDQUOT|not have enough free space/i,
    message: 'The disk is full',
    hint: 'Free some space (about 15 GB are needed for a first build), or set XDG_CACHE_HOME, GOPATH and GOCACHE to a larger disk. What is finished is kept.',
  },
  {
    sign: /no such host|Temporary failure (in name resolution|resolving)|Could not resolve|Unknown host|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|Network is unreachable|connection refused|i\/o timeout|Connection (timed out|reset)|ETIMEDOUT|NewConnectionError|TLS handshake timeout/i,
    message: 'A package registry cannot be reached',
    hint: 'Is there a network, and a proxy set where one is needed? Tools that are cached work without; run the same command again when it is back.',
  },
  {
    sign: /checksum mismatch|SECURITY ERROR|DO NOT MATCH THE HASHES|EINTEGRITY/i,
    message: 'What was downloaded is not what is pinned',
    hint: 'Nothing was installed. Clear the cache of that package manager and try again; if it stays, do not trust the mirror you use.',
  },
];

/** A LocalError that says which tool could not be had and why, where the cause is one people meet. */
export const explainFailure = (name: string, error: unknown): LocalError => {
  const text =
    error instanceof Error
      ? `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`
      : String(error);
  const known = causes.find(({ sign }) => sign.test(text));
  const retriable = error instanceof LocalError ? error.retriable : false;
  const hint =
    error instanceof LocalError ? error.hint : 'Run platform doctor to see what is wrong with this machine.';
  return new LocalError(`${name}: ${known ? `${known.message}\n` : ''}${text.trim()}`, {
    hint: known?.hint ?? hint,
    retriable: known ? true : retriable,
    cause: error,
  });
};
