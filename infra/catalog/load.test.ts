import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CatalogueError, catalogueFolder, loadCatalogue } from './load';
import { type Environment, environments } from './schema';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, lines: string[]) =>
  writeFileSync(join(folder, `${name}.yaml`), lines.join('\n'));
const minimal = (name: string, port: number, more: string[] = []) =>
  write(name, [`name: ${name}`, 'description: A service for a test.', `port: ${port}`, ...more]);

const mistakes = (environment: Environment = 'production'): string[] => {
  try {
    loadCatalogue(environment, folder);
    return [];
  } catch (error) {
    if (error instanceof CatalogueError) return error.mistakes;
    throw error;
  }
};

test('gives a service that says nothing the reference figures', () => {
  minimal('gift-card', 3010);
  const [service] = loadCatalogue('production', folder);
  expect(service).toMatchObject({
    replicas: 5,
    scale: { min: 3, max: 20, cpu: 70, memory: 80 },
    resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
    probes: {
      liveness: { path: '/health', initialDelaySeconds: 30, periodSeconds: 10 },
      readiness: { path: '/ready', initialDelaySeconds: 5, periodSeconds: 5 },
    },
    mesh: { maxConnections: 100, http1MaxPendingRequests: 50, maxRequestsPerConnection: 10 },
    authentication: 'none',
    database: false,
  });
});

test.each(environments)('the platform’s own catalogue fits together in %s', (environment) => {
  const names = loadCatalogue(environment).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['order', 'payment', 'product', 'user']));
});

test('an override touches its environment only, and merges key by key', () => {
  minimal('product', 3001, ['environments:', '  local:', '    replicas: 1', '    scale: { min: 1 }']);
  expect(loadCatalogue('local', folder)[0]).toMatchObject({ replicas: 1, scale: { min: 1, max: 20 } });
  expect(loadCatalogue('staging', folder)[0]).toMatchObject({ replicas: 5, scale: { min: 3, max: 20 } });
});

test('all mistakes of all files are told at once, each with file and path', () => {
  minimal('product', 80);
  minimal('order', 3002, ['replicas: many']);
  expect(mistakes()).toEqual([
    expect.stringMatching(/^order\.yaml: replicas: /),
    expect.stringMatching(/^product\.yaml: port: /),
  ]);
});

test.each([
  ['an unknown key', ['replica: 3'], /^a\.yaml: unknown key "replica"; see infra\/catalog\/schema\.ts/],
  ['an unknown nested key', ['scale: { minimum: 3 }'], /^a\.yaml: scale: unknown key "minimum"/],
  [
    'a memory without unit',
    ['resources: { limits: { memory: "512" } }'],
    /^a\.yaml: resources\.limits\.memory: is bytes/,
  ],
  ['a path that ends with a slash', ['routes: [/v1/a/]'], /^a\.yaml: routes\[0\]\.path: starts with/],
  ['an unknown environment', ['environments: { test: {} }'], /^a\.yaml: environments: .*"test"/],
  [
    'an override with an unknown key',
    ['environments: { local: { replica: 1 } }'],
    /^a\.yaml: environments\.local: unknown key "replica"/,
  ],
  [
    'an override of the name',
    ['environments: { local: { name: b } }'],
    /^a\.yaml: environments\.local\.name: a name is for all/,
  ],
  ['a call of nobody', ['calls: [b]'], /^a\.yaml: calls\[0\]: there is no service "b"; the catalogue has a$/],
  ['a call of itself', ['calls: [a]'], /does not call itself/],
  [
    'a topic nobody produces',
    ['topics: { consumes: [x.y.v1] }'],
    /^a\.yaml: topics\.consumes\[0\]: no service produces x\.y\.v1/,
  ],
  ['tokens nobody issues', ['authentication: verifies'], /no service issues them/],
  ['a start outside the scale', ['replicas: 30'], /^a\.yaml: replicas: 30 is outside scale 3 to 20/],
  ['a scale upside down', ['scale: { min: 30 }'], /min 30 is over max 20/],
  [
    'a variable from a key that is not there',
    ['secrets: { s: { env: { S: k } } }'],
    /^a\.yaml: secrets\.s\.env\.S: names key "k"/,
  ],
  [
    'a Secret of another that declares none',
    ['secrets: { s: { of: b, env: { S: k } } }'],
    /^a\.yaml: secrets\.s: b declares no such Secret/,
  ],
  ['a Secret of its own for another', ['secrets: { s: { of: a } }'], /^a\.yaml: secrets\.s: a declares no/],
  ['a sandbox in production', ['sandboxes: [payment]'], /production talks to the real party/],
  ['the same path twice', ['routes: [/docs/a, /docs/a]'], /\/docs\/a collides with \/docs\/a of a/],
  [
    'an address that another route has by its version',
    ['routes: [{ path: /a, authentication: none, openBecause: This is a test. }, /v1/a]'],
    /\/v1\/a collides with \/a of a/,
  ],
  [
    'a version in a path that has versions',
    ['routes: [{ path: /v1/a, authentication: none, openBecause: This is a test. }]'],
    /^a\.yaml: routes\[0\]\.path: \/v1\/a names a version; leave it out/,
  ],
  [
    'a token that the service would not check',
    ['routes: [{ path: /a }]'],
    /^a\.yaml: routes\[0\]\.authentication: demands a token, but the service checks none/,
  ],
  [
    'roles without a token to carry them',
    [
      'routes: [{ path: /a, authentication: none, openBecause: This is a test., authorisation: { roles: [admin] } }]',
    ],
    /^a\.yaml: routes\[0\]\.authorisation: asks for roles or scopes/,
  ],
  [
    'a count of customers nobody names',
    [
      'routes: [{ path: /a, authentication: none, openBecause: This is a test., rateLimit: { requests: 1, per: second, by: customer } }]',
    ],
    /^a\.yaml: routes\[0\]\.rateLimit\.by: counts by customer/,
  ],
  [
    'an unknown key of a route',
    ['routes: [{ path: /a, method: [GET] }]'],
    /routes\[0\]: unknown key "method"/,
  ],
])('refuses %s', (_title, lines, message) => {
  minimal('a', 3001, lines);
  expect(mistakes()).toContainEqual(expect.stringMatching(message));
});

test('a mistake in the override of another environment does not wait for that environment', () => {
  minimal('a', 3001, ['environments: { production: { port: 1 } }']);
  expect(mistakes('local')).toContainEqual(expect.stringMatching(/environments\.production\.port/));
});

test('a file is called after its service', () => {
  write('b', ['name: a', 'description: A service for a test.', 'port: 3001']);
  expect(mistakes()).toEqual(['b.yaml: name: is "a"; the file must be called a.yaml']);
});

test.each([
  ['no YAML', 'a: [', /^a\.yaml: is not YAML/],
  ['a list', '- a', /^a\.yaml: must hold one service/],
  ['nothing', '', /^a\.yaml: must hold one service/],
])('refuses a file that holds %s', (_title, text, message) => {
  writeFileSync(join(folder, 'a.yaml'), text);
  expect(mistakes()).toEqual([expect.stringMatching(message)]);
});

test('an empty folder is no catalogue', () => {
  expect(mistakes()).toEqual([expect.stringMatching(/no \*\.yaml file; add one per service/)]);
});

test('two services cannot share a port, a route or a topic', () => {
  const shared = ['routes: [/v1/x]', 'topics: { produces: [{ name: x.y.v1 }] }'];
  minimal('a', 3001, shared);
  minimal('b', 3001, shared);
  expect(mistakes()).toEqual([
    'b.yaml: port: 3001 is taken by a; choose a free one',
    expect.stringMatching(/^b\.yaml: topics\.produces\[0\]\.name: x\.y\.v1 is already produced by a/),
    expect.stringMatching(/^b\.yaml: routes\[0\]: \/v1\/x collides with \/v1\/x of a/),
  ]);
});

test('a Secret belongs to one service, and another may read it when it says whose it is', () => {
  const declared = 'secrets: { s: { keys: { k: {} } } }';
  minimal('a', 3001, [declared]);
  minimal('b', 3002, [declared]);
  expect(mistakes()).toEqual([expect.stringMatching(/^b\.yaml: secrets\.s: Secret s belongs to a already/)]);
  minimal('b', 3002, ['secrets: { s: { of: a, env: { S: k } } }']);
  expect(mistakes()).toEqual([]);
  minimal('b', 3002, ['secrets: { s: { of: a, env: { S: x } } }']);
  expect(mistakes()).toEqual([expect.stringMatching(/^b\.yaml: secrets\.s\.env\.S: names key "x"/)]);
  minimal('b', 3002, ['secrets: { s: { of: a, source: generated } }']);
  expect(mistakes()).toEqual([expect.stringMatching(/^b\.yaml: secrets\.s: is declared by a/)]);
});

test('a plain path is open to all, takes GET and has no versions', () => {
  minimal('a', 3001, ['routes: [/docs/a]']);
  expect(loadCatalogue('production', folder)[0]?.routes).toEqual([
    expect.objectContaining({
      path: '/docs/a',
      versions: [],
      methods: ['GET'],
      authentication: 'none',
      rateLimit: { requests: 100, per: 'second', by: 'client' },
    }),
  ]);
});

test('whoever writes down no terms gets the strict ones', () => {
  minimal('a', 3001, ['routes: [{ path: /a }]', 'authentication: issues']);
  expect(loadCatalogue('production', folder)[0]?.routes).toEqual([
    expect.objectContaining({
      versions: ['v1'],
      methods: ['GET'],
      authentication: 'token',
      bodyLimit: '100Ki',
      log: true,
    }),
  ]);
});

test('a limit can be left out only in so many words', () => {
  minimal('a', 3001, ['routes: [{ path: /a, rateLimit: none }]', 'authentication: issues']);
  expect(loadCatalogue('production', folder)[0]?.routes[0]?.rateLimit).toBeNull();
});

test('a path within another of the same service is no collision, nor are other methods', () => {
  minimal('a', 3001, [
    'routes: [{ path: /a, authentication: none, openBecause: This is a test. }, { path: /a/b, authentication: none, openBecause: This is a test. }, { path: /a, authentication: none, openBecause: This is a test., methods: [POST] }]',
  ]);
  expect(mistakes()).toEqual([]);
});

test('a path within another of another service is one', () => {
  minimal('a', 3001, ['routes: [/docs]']);
  minimal('b', 3002, ['routes: [/docs/b]']);
  expect(mistakes()).toEqual([
    expect.stringMatching(/^b\.yaml: routes\[0\]: \/docs\/b collides with \/docs of a/),
  ]);
});

test('a neighbour with a longer name is no collision', () => {
  minimal('a', 3001, ['routes: [/v1/orders, /v1/orders-archive]']);
  expect(mistakes()).toEqual([]);
});

test('a further service is one more file', () => {
  cpSync(catalogueFolder, folder, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  minimal('review', 3990, [
    'database: true',
    'authentication: verifies',
    'calls: [product]',
    'routes: [/v1/reviews]',
  ]);
  expect(loadCatalogue('local', folder).map(({ name }) => name)).toContain('review');
});

test('the reference names of R6 stand in product’s file', () => {
  expect(readFileSync(join(catalogueFolder, 'product.yaml'), 'utf8')).toContain(
    'secretName: database-secret',
  );
});
