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
  { path: '/v1/shipments', expects: [401], proves: 'shipments are for their owners only' },
  { path: '/no-such-path', expects: [404], proves: 'nothing answers that is not routed' },
];

const longestMs = 2_000;

interface Answer {
  passed: boolean;
  /** Whether anybody was there, whatever they said. */
  reached: boolean;
  line: string;
}

/**
 * Asks each probe once, then once more where it failed. Returns a line per probe. Throws a LocalError that names every probe that
 * failed twice: another status, no answer, or none within two seconds.
 */
export const smoke = async (address: string): Promise<string[]> => {
  const ask = async ({ path, expects, proves }: Probe): Promise<Answer> => {
    const started = Date.now();
    const found = await fetch(address.replace(/\/$/, '') + path, {
      signal: AbortSignal.timeout(longestMs),
    }).then(
      ({ status }) => status,
      ({ cause, name }: Error) => (cause as Error | undefined)?.message ?? name,
    );
    const after = `in ${Date.now() - started} ms`;
    if (typeof found === 'string') {
      const line = `${path} did not answer (${found} ${after}), wanted ${expects.join(' or ')}: ${proves}`;
      return { passed: false, reached: false, line };
    }
    const passed = expects.includes(found);
    const wanted = passed ? '' : `, wanted ${expects.join(' or ')}`;
    return { passed, reached: true, line: `${path} answered ${found} ${after}${wanted}: ${proves}` };
  };
  const answers = [];
  for (const probe of probes) {
    const first = await ask(probe);
    answers.push(first.passed ? first : await ask(probe));
  }
  const failed = answers.filter(({ passed }) => !passed);
  if (failed.length > 0) {
    throw new LocalError(
      `${failed.length} of ${probes.length} probes failed:\n  ${failed.map(({ line }) => line).join('\n  ')}`,
      {
        hint: answers.some(({ reached }) => reached)
          ? 'Look at the services behind these paths: platform kubectl -- get pods -A'
          : `Is ${address} the shop's front door, and does it run?`,
        retriable: true,
      },
    );
  }
  return answers.map(({ line }) => line);
};
