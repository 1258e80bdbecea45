// Whatever is sent, no operation fails on it: it is refused as a problem that the document names.
import { once } from 'node:events';
import { Agent, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { type Operation, startApps } from './apps';
import { type BadRequest, badRequests } from './bad-requests';

jest.setTimeout(300_000);

/** Repeats a run: ECP_SEED=… npx platform test adapter -t tests/security/bad-input */
const seed = Number(process.env.ECP_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = 25;

/** What the libraries answer before a route is asked. */
const OF_EVERY_ROUTE = [400, 401, 403, 404, 405, 413, 415, 429];
/** Asked of PayPal, which does not answer here: it is to send again. */
const MAY_BE_AWAY = ['POST /v1/webhooks/paypal'];

interface Answer {
  status: number;
  type: string;
  text: string;
}

const agent = new Agent({ keepAlive: true });
const servers = new Map<string, Server>();
let { apps, operations, token, stop } = {} as Awaited<ReturnType<typeof startApps>>;
beforeAll(async () => {
  ({ apps, operations, token, stop } = await startApps());
  for (const [name, app] of Object.entries(apps)) {
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.set(name, server);
  }
}, 120_000);
afterAll(async () => {
  agent.destroy();
  for (const server of servers.values()) server.close();
  await stop?.();
});

/** As it is: no library in between that would mend it. @returns undefined where Node itself hung up. */
const send = ({ service, method }: Operation, { target, headers, body }: BadRequest) =>
  new Promise<Answer | undefined>((resolve, reject) => {
    const { port } = (servers.get(service) as Server).address() as AddressInfo;
    const length = body ? { 'content-length': String(body.length) } : {};
    const asking = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        method: method.toUpperCase(),
        path: target,
        headers: { ...headers, ...length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    asking.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(undefined) : reject(error),
    );
    asking.end(body);
  });

const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;

/** OAuth has its own form (RFC 6749, 5.2), and a page where a person is asked. */
const isProblem = ({ path }: Operation, { status, type, text }: Answer): boolean => {
  if (path === '/v1/oauth/authorize' && type.startsWith('text/html')) return true;
  if (type.startsWith('application/problem+json')) {
    const problem = JSON.parse(text);
    return (
      problem.status === status &&
      /^urn:ecommerce-platform:problem:[a-z0-9-]+$/.test(problem.type) &&
      [problem.title, problem.detail].every((one) => typeof one === 'string' && one !== '') &&
      typeof problem.retriable === 'boolean'
    );
  }
  return (
    path.startsWith('/v1/oauth/') && type.startsWith('application/json') && Boolean(JSON.parse(text).error)
  );
};

const wrongWith = (operation: Operation, answer: Answer | undefined): string | undefined => {
  if (!answer) return undefined;
  const { status } = answer;
  if (status === 503 && MAY_BE_AWAY.includes(nameOf(operation))) return undefined;
  if (status >= 500) return `answered ${status}`;
  if (status < 400) return undefined;
  if (!isProblem(operation, answer))
    return `answered ${status} as ${answer.type}: ${answer.text.slice(0, 200)}`;
  const documented = Object.keys(operation.document.responses).map(Number);
  if (![...documented, ...OF_EVERY_ROUTE].includes(status))
    return `answered ${status}, which it does not document`;
  return undefined;
};

const shown = ({ target, headers, body }: BadRequest): string => {
  const { authorization: _token, ...others } = headers;
  return `${target.slice(0, 200)} ${JSON.stringify(others).slice(0, 300)} ${body?.toString().slice(0, 300) ?? ''}`;
};

it(`no operation fails on what it is sent (seed ${seed})`, async () => {
  const failures: string[] = [];
  let [sent, refused] = [0, 0];
  for (const operation of operations) {
    const bearer = operation.scope === undefined ? undefined : await token(operation.scope);
    const { counterexample, errorInstance } = await fc.check(
      fc.asyncProperty(badRequests(operation, bearer), async (bad) => {
        const answer = await send(operation, bad);
        sent++;
        if (answer && answer.status >= 400) refused++;
        const wrong = wrongWith(operation, answer);
        if (wrong) throw new Error(wrong);
      }),
      { seed, numRuns: RUNS },
    );
    if (!counterexample) continue;
    failures.push(
      `${nameOf(operation)} ${(errorInstance as Error).message}\n    ${shown(counterexample[0])}`,
    );
  }
  expect(failures).toEqual([]);
  // Most must get as far as being judged.
  expect(sent).toBeGreaterThanOrEqual(operations.length * RUNS);
  expect(refused).toBeGreaterThan(sent / 2);
});
