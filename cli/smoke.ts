import { LocalError } from '@platform/local/errors';

interface Probe {
  path: string;
  /** Statuses that show the shop is well. */
  expects: number[];
  /** What it means that it answers so. */
  proves: string;
}

/** Reads only: safe against production, as often as one likes. */
export const probes: Probe[] = [
  {
    path: '/v1/products?limit=1',
    expects: [200],
    proves: 'the catalogue is open, with its database behind it',
  },
  { path: '/.well-known/jwks.json', expects: [200], proves: 'tokens can be verified' },
  { path: '/v1/orders', expects: [401], proves: 'orders are for their owners only' },
  { path: '/v1/payments', expects: [401], proves: 'payments are for their owners only' },
  { path: '/no-such-path', expects: [404], proves: 'nothing answers that is not routed' },
];

const longestMs = 2_000;

/**
 * Asks each probe once, then once more where it failed. Returns a line per probe. Throws a LocalError that names every probe that
 * failed twice: another status, no answer, or none within two seconds.
 */
export const smoke = async (address: string): Promise<string[]> => {
  const ask = async ({ path, expects, proves }: Probe) => {
    const started = Date.now();
    const found = await fetch(address.replace(/\/$/, '') + path, {
      signal: AbortSignal.timeout(longestMs),
    }).then(
      ({ status }) => status,
      (error: Error) => error.cause ?? error.name,
    );
    const line = `${path} answered ${found} in ${Date.now() - started} ms: ${proves}`;
    return {
      passed: expects.includes(found as number),
      line,
      wanted: `${line} (wanted ${expects.join(' or ')})`,
    };
  };
  const answers = [];
  for (const probe of probes) {
    const first = await ask(probe);
    answers.push(first.passed ? first : await ask(probe));
  }
  const failed = answers.filter(({ passed }) => !passed);
  if (failed.length > 0) {
    throw new LocalError(
      `${failed.length} of ${probes.length} probes failed:\n  ${failed.map(({ wanted }) => wanted).join('\n  ')}`,
      {
        hint: 'Look at the services behind these paths: platform kubectl -- get pods -A',
        retriable: true,
      },
    );
  }
  return answers.map(({ line }) => line);
};
