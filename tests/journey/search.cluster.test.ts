import { embedded, platform } from './platform';

jest.setTimeout(300_000);

const shop = process.env.ECP_FRONT_DOOR as string;

/** What a command of an operator prints as JSON, and how it ended. */
const ask = async (...args: string[]) => {
  const { status, stdout, stderr } = await platform(['search', ...args, ...embedded, '--json']);
  if (!stdout) throw new Error(`platform search ${args.join(' ')} ended with ${status}: ${stderr}`);
  return { status, answer: JSON.parse(stdout) };
};

describe('the search index, through the front door', () => {
  it('is made anew while customers search, and no search fails', async () => {
    const answers = new Map<string, number>();
    let stopped = false;
    const searching = ['kettle', 'ketle', 'copper', 'range'].map(async (q) => {
      // Each asks for another length of page, so that no cache knows the answer.
      for (let n = 0; !stopped; n++) {
        const response = await fetch(`${shop}/v1/products?limit=${1 + (n % 100)}&q=${q}`);
        const { items = [] } = (await response.json()) as { items?: unknown[] };
        const answer = `${response.status}${items.length > 0 ? '' : ' and nothing was found'}`;
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
    const made: string[] = [];
    for (let round = 0; round < 2; round++) made.push((await ask('rebuild')).answer.index);
    stopped = true;
    await Promise.all(searching);
    expect(new Set(made).size).toBe(2);
    expect([...answers.keys()]).toEqual(['200']);
    expect(answers.get('200')).toBeGreaterThan(50);
  });

  it('is what the catalogue is', async () => {
    const { status, answer } = await ask('compare', '--repair');
    expect([status, answer]).toEqual([
      0,
      expect.objectContaining({ missing: [], stale: [], orphaned: [], products: expect.any(Number) }),
    ]);
    expect(answer.products).toBeGreaterThan(100);
  });

  it('is written by staff only', async () => {
    const response = await fetch(`${shop}/v1/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'nobody' },
      body: '{}',
    });
    expect(response.status).toBe(401);
  });
});
