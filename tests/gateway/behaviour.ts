// What a gateway must do, as data: the same cases describe Istio's gateway, where they are run, and Kong, where the resources are
// looked at. They speak of the routes in echo/echo.yaml.

/** Who asks. All but `nobody` send a token; only those of `customer`, `admin` and `reporter` are valid. */
export type Asker =
  | 'nobody'
  | 'customer'
  | 'another-customer'
  | 'admin'
  | 'reporter'
  | 'expired'
  | 'forged'
  | 'other-issuer'
  | 'other-audience'
  | 'nonsense';

export interface Case {
  title: string;
  ask: {
    path: string;
    method?: string;
    headers?: Record<string, string>;
    as?: Asker;
    /** Size of the body. */
    bytes?: number;
  };
  /** Asked this many times in one go; what is expected is then the last answer. */
  times?: number;
  /** Before the question counts, so many seconds go by. */
  afterSeconds?: number;
  expect: {
    status: number[];
    /** Path as it reaches the service. */
    path?: string;
    /** Whose pods: those labelled v2, or those that are live. */
    pods?: 'v2' | 'live';
    /** Headers of the request as they reach the service; undefined = not there. */
    reached?: Record<string, string | undefined>;
    /** Whether it stands in the gateway's log. */
    logged?: boolean;
    /** Headers of the answer; undefined = not there. */
    answered?: Record<string, string | RegExp | undefined>;
  };
}

export type Aspect =
  | 'routes'
  | 'versions'
  | 'authentication'
  | 'authorisation'
  | 'transformation'
  | 'compression'
  | 'log'
  | 'body limit'
  | 'rate limit'
  | 'breaker';

const ok = [200];
/** A gateway may say which methods there are, or that there is no such thing. */
const noSuchMethod = [404, 405];

export const behaviour: Record<Aspect, Case[]> = {
  routes: [
    { title: 'a declared path', ask: { path: '/v1/things' }, expect: { status: ok, path: '/v1/things' } },
    {
      title: 'what is below it',
      ask: { path: '/v1/things/7' },
      expect: { status: ok, path: '/v1/things/7' },
    },
    { title: 'a longer neighbour', ask: { path: '/v1/things-to-do' }, expect: { status: [404] } },
    { title: 'a path that is not declared', ask: { path: '/v1/metrics' }, expect: { status: [404] } },
    { title: 'the service’s probes', ask: { path: '/ready' }, expect: { status: [404] } },
    { title: 'a declared method', ask: { path: '/v1/things', method: 'POST' }, expect: { status: ok } },
    {
      title: 'a method that is not declared',
      ask: { path: '/v1/things', method: 'DELETE' },
      expect: { status: noSuchMethod },
    },
    { title: 'an unversioned path', ask: { path: '/docs/echo' }, expect: { status: ok, path: '/docs/echo' } },
    { title: 'a version of an unversioned path', ask: { path: '/v1/docs/echo' }, expect: { status: [404] } },
  ],
  versions: [
    {
      title: 'v1 by path',
      ask: { path: '/v1/things' },
      expect: { status: ok, path: '/v1/things', pods: 'live' },
    },
    {
      title: 'v2 by path',
      ask: { path: '/v2/things' },
      expect: { status: ok, path: '/v2/things', pods: 'v2' },
    },
    {
      title: 'v2 by header',
      ask: { path: '/things/7', headers: { version: 'v2' } },
      expect: { status: ok, path: '/v2/things/7', pods: 'v2' },
    },
    {
      title: 'v1 by header',
      ask: { path: '/things', headers: { version: 'v1' } },
      expect: { status: ok, path: '/v1/things', pods: 'live' },
    },
    {
      title: 'no version at all',
      ask: { path: '/things/7' },
      expect: { status: ok, path: '/v1/things/7', pods: 'live' },
    },
    {
      title: 'the pods of v2 for a path of v1',
      ask: { path: '/v1/things', headers: { version: 'v2' } },
      expect: { status: ok, path: '/v1/things', pods: 'v2' },
    },
    { title: 'a version nobody declared', ask: { path: '/v2/fragile' }, expect: { status: [404] } },
  ],
  authentication: [
    { title: 'no token', ask: { path: '/v1/private' }, expect: { status: [401] } },
    {
      title: 'no token, asked for without a version',
      ask: { path: '/private' },
      expect: { status: [401] },
    },
    {
      title: 'no token, with the header of a fault',
      ask: { path: '/v1/private', headers: { 'test-fault': 'delay' } },
      expect: { status: [401] },
    },
    {
      title: 'another scheme than Bearer',
      ask: { path: '/v1/private', headers: { authorization: 'Basic dTpw' } },
      expect: { status: [401] },
    },
    {
      title: 'no token at all but nonsense',
      ask: { path: '/v1/private', as: 'nonsense' },
      expect: { status: [401] },
    },
    {
      title: 'a token that has expired',
      ask: { path: '/v1/private', as: 'expired' },
      expect: { status: [401] },
    },
    {
      title: 'a token signed by somebody else',
      ask: { path: '/v1/private', as: 'forged' },
      expect: { status: [401] },
    },
    {
      title: 'a token of another issuer',
      ask: { path: '/v1/private', as: 'other-issuer' },
      expect: { status: [401, 403] },
    },
    {
      title: 'a token for another audience',
      ask: { path: '/v1/private', as: 'other-audience' },
      expect: { status: [401, 403] },
    },
    {
      title: 'a valid token, which the service gets too',
      ask: { path: '/v1/private', as: 'customer' },
      expect: { status: ok, path: '/v1/private' },
    },
  ],
  authorisation: [
    {
      title: 'no token where a role is needed',
      ask: { path: '/v1/private/admin' },
      expect: { status: [401] },
    },
    {
      title: 'a token without the role',
      ask: { path: '/v1/private/admin', as: 'customer' },
      expect: { status: [403] },
    },
    {
      title: 'a token without the role, the path written otherwise',
      ask: { path: '/v1/private/%61dmin', as: 'customer' },
      expect: { status: [403] },
    },
    {
      title: 'a token without the role, below the path and without a version',
      ask: { path: '/private/admin/7', as: 'customer' },
      expect: { status: [403] },
    },
    {
      title: 'a token with the role',
      ask: { path: '/v1/private/admin', as: 'admin' },
      expect: { status: ok },
    },
    {
      title: 'a token without the scope',
      ask: { path: '/v1/private/reports', as: 'admin' },
      expect: { status: [403] },
    },
    {
      title: 'a token with the scope among others',
      ask: { path: '/v1/private/reports', as: 'reporter' },
      expect: { status: ok },
    },
  ],
  transformation: [
    {
      title: 'headers of the request',
      ask: { path: '/v1/things', headers: { 'x-secret': 'mine', 'x-shop': 'shut' } },
      expect: { status: ok, reached: { 'x-shop': 'open', 'x-secret': undefined } },
    },
    {
      title: 'headers of the answer',
      ask: { path: '/v2/things' },
      expect: { status: ok, answered: { 'cache-control': 'no-store', 'x-internal': undefined } },
    },
  ],
  compression: [
    {
      title: 'an answer of two kilobytes, for who can read it',
      ask: { path: '/v1/things', headers: { 'accept-encoding': 'gzip', 'x-echo': 'x'.repeat(2000) } },
      expect: { status: ok, answered: { 'content-encoding': 'gzip' } },
    },
    {
      title: 'the same for who cannot',
      ask: { path: '/v1/things', headers: { 'accept-encoding': 'identity', 'x-echo': 'x'.repeat(2000) } },
      expect: { status: ok, answered: { 'content-encoding': undefined } },
    },
  ],
  log: [
    { title: 'a request', ask: { path: '/v1/things/seen' }, expect: { status: ok, logged: true } },
    {
      title: 'a request that was refused',
      ask: { path: '/v1/private/refused' },
      expect: { status: [401], logged: true },
    },
    {
      title: 'a request to a route that asks for silence',
      ask: { path: '/v1/quiet/unseen' },
      expect: { status: ok, logged: false },
    },
  ],
  'body limit': [
    {
      title: 'a body that fits',
      ask: { path: '/v1/small', method: 'POST', bytes: 1000 },
      expect: { status: ok },
    },
    {
      title: 'a body that is too large',
      ask: { path: '/v1/small', method: 'POST', bytes: 2000 },
      expect: { status: [413] },
    },
    {
      title: 'a large body where large ones are taken',
      ask: { path: '/v1/large', method: 'POST', bytes: 500_000 },
      expect: { status: ok },
    },
    {
      title: 'a larger one',
      ask: { path: '/large', method: 'POST', bytes: 1_100_000 },
      expect: { status: [413] },
    },
  ],
  'rate limit': [
    {
      title: 'one more than is allowed, over all addresses of the route',
      ask: { path: '/v1/counted' },
      times: 12,
      expect: { status: [429], answered: { 'retry-after': /^[1-9]\d*$/ } },
    },
    { title: 'once time has gone by', ask: { path: '/counted' }, afterSeconds: 13, expect: { status: ok } },
    {
      title: 'a customer who asked too often',
      ask: { path: '/v1/mine', as: 'customer' },
      times: 12,
      expect: { status: [429] },
    },
    {
      title: 'another customer meanwhile',
      ask: { path: '/v1/mine', as: 'another-customer' },
      expect: { status: ok },
    },
    {
      title: 'what has a limit far away',
      ask: { path: '/v1/fragile' },
      times: 40,
      expect: { status: ok },
    },
  ],
  breaker: [
    {
      title: 'a service that fails again and again is left alone',
      ask: { path: '/v1/fragile?answer=500' },
      times: 30,
      expect: { status: [503] },
    },
    { title: 'and taken back', ask: { path: '/v1/fragile' }, afterSeconds: 8, expect: { status: ok } },
  ],
};
