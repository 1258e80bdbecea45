// The behaviour of behaviour.ts on Istio's gateway: a service of the catalogue that echoes, through the front door.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyOfCheckout, root } from '../journey/copy';
import { inPlatform, kubectl, up } from '../journey/platform';
import { type Asker, type Aspect, behaviour, type Case } from './behaviour';
import { askers } from './tokens';

const address = process.env.ECP_FRONT_DOOR as string;
jest.setTimeout(300_000);

interface Echo {
  path: string;
  headers: Record<string, string>;
  pod: string;
}

let authorization: Record<Asker, string | undefined>;
let copy: string;

const ask = async ({ path, method = 'GET', headers = {}, as = 'nobody', bytes }: Case['ask']) => {
  const token = authorization[as];
  const reply = await fetch(address + path, {
    method,
    headers: { ...(token ? { authorization: token } : {}), ...headers },
    body: bytes === undefined ? undefined : 'x'.repeat(bytes),
  });
  const text = await reply.text();
  const json = reply.headers.get('content-type')?.includes('json');
  return { status: reply.status, headers: reply.headers, body: json ? JSON.parse(text) : undefined };
};

/** Until both colours answer: a route is not there the moment it is declared. */
const opened = async () => {
  for (const path of ['/v1/things', '/v2/things']) {
    for (let attempt = 0; (await ask({ path })).status !== 200; attempt++) {
      if (attempt === 120) throw new Error(`${path} does not answer 200`);
      await sleep(500);
    }
  }
};

beforeAll(async () => {
  copy = copyOfCheckout();
  const here = join(__dirname, 'echo');
  cpSync(join(here, 'echo.yaml'), join(copy, 'infra/catalog/echo.yaml'));
  mkdirSync(join(copy, 'services/echo'));
  cpSync(join(here, 'main.ts'), join(copy, 'services/echo/main.ts'));
  await up(copy);
  // v2 is what green carries; it has no pods before a release.
  await inPlatform('scale', 'deployment/echo-service-green', '--replicas=1');
  await inPlatform('rollout', 'status', 'deployment/echo-service-green', '--timeout=120s');
  const secret = JSON.parse(await inPlatform('get', 'secret', 'jwt-secret', '-o', 'json'));
  const { active, keys } = JSON.parse(Buffer.from(secret.data['keys.json'], 'base64').toString());
  authorization = askers(keys.find(({ kid }: { kid: string }) => kid === active));
  await opened();
});
afterAll(async () => {
  await up(root);
  rmSync(copy, { recursive: true, force: true });
});

/** Whether the gateway has written down a request to the path. The log is there a moment later. */
const isLogged = async (path: string) => {
  await sleep(2_000);
  const pods = ['-n', 'istio-ingress', 'deployment/istio-ingressgateway', '--since=60s'];
  return (await kubectl('logs', ...pods)).includes(path);
};

const aspects = Object.entries(behaviour) as [Aspect, Case[]][];

describe.each(aspects)('%s', (_aspect, cases) => {
  test.each(cases)('$title', async ({ ask: question, times = 1, afterSeconds = 0, expect: expected }) => {
    await sleep(afterSeconds * 1000);
    let answer = await ask(question);
    for (let asked = 1; asked < times; asked++) answer = await ask(question);
    expect(expected.status).toContain(answer.status);
    for (const [name, value] of Object.entries(expected.answered ?? {})) {
      const found = answer.headers.get(name) ?? undefined;
      if (value instanceof RegExp) expect(found).toMatch(value);
      else expect([name, found]).toEqual([name, value]);
    }
    if (expected.logged !== undefined) expect(await isLogged(question.path)).toBe(expected.logged);
    if (answer.status !== 200) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.body).toMatchObject({ status: answer.status, type: expect.stringMatching(/^urn:/) });
      return;
    }
    const echo = answer.body as Echo;
    if (expected.path) expect(echo.path).toBe(expected.path);
    if (expected.pods) expect(echo.pod).toContain(expected.pods === 'v2' ? 'green' : 'blue');
    for (const [name, value] of Object.entries(expected.reached ?? {}))
      expect([name, echo.headers[name]]).toEqual([name, value]);
  });
});

test('a valid token reaches the service as it was sent', async () => {
  const { body } = await ask({ path: '/v1/private', as: 'customer' });
  expect((body as Echo).headers.authorization).toBe(authorization.customer);
});
