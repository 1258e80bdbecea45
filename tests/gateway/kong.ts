// Reads rendered Kong resources the way their documentation says Kong does, as far as behaviour.ts needs it. No Kong can be run here:
// this shows that each promise has a resource that makes it, not that Kong keeps it.
import type { Rendered, Stack } from '../stack/stack';
import type { Asker, Case } from './behaviour';

interface Found {
  route: Rendered;
  rule: Rendered;
  match: Rendered;
}

export interface Verdict {
  status: number;
  path?: string;
  pods?: 'v2' | 'live';
  reached?: Record<string, string | undefined>;
  answered?: Record<string, string | undefined>;
  logged?: boolean;
}

const below = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}/`);

/** What a token of each says, where its signature is right. */
const claims: Partial<
  Record<Asker, { issuer?: string; audience?: string; roles?: string[]; scope?: string[] }>
> = {
  customer: { roles: ['customer'] },
  'another-customer': { roles: ['customer'] },
  admin: { roles: ['customer', 'admin'] },
  reporter: { roles: ['customer'], scope: ['orders:read', 'reports:read'] },
  'other-issuer': { issuer: 'somebody-else' },
  'other-audience': { audience: 'something-else' },
};

/** What a Secret holds is wrapped on its way to the engine. */
const unwrapped = (value: Rendered): Rendered =>
  value?.['4dabf18193072939515e22adb298388d'] ? value.value : value;

/** Kong decodes what needs no encoding before it looks for a route. */
const normalised = (path: string) => decodeURI(new URL(path, 'http://shop').pathname);

export class KongReading {
  constructor(private readonly stack: Stack) {}

  /** Gateway API: the longest path, then a method, then the most headers. */
  private find({ path, method = 'GET', headers = {} }: Case['ask']): Found | undefined {
    const asked = normalised(path);
    return this.stack
      .all('HTTPRoute')
      .flatMap((route) =>
        route.spec.rules.flatMap((rule: Rendered) =>
          rule.matches.map((match: Rendered): Found => ({ route, rule, match })),
        ),
      )
      .filter(
        ({ match }) =>
          below(asked, match.path.value) &&
          match.method === method &&
          (match.headers ?? []).every(
            ({ name, value }: { name: string; value: string }) => headers[name] === value,
          ),
      )
      .sort(
        (a, b) =>
          b.match.path.value.length - a.match.path.value.length ||
          (b.match.headers ?? []).length - (a.match.headers ?? []).length,
      )[0];
  }

  private plugins(route: Rendered): Map<string, Rendered> {
    const names: string[] = route.metadata.annotations['konghq.com/plugins'].split(',');
    return new Map(
      names.map((name) => {
        const { plugin, config } = this.stack.one('KongPlugin', name);
        return [plugin, config];
      }),
    );
  }

  /** Whether a consumer stands for a key in use, in a group that the route lets in. */
  private knowsTheKey(plugins: Map<string, Rendered>): boolean {
    return this.stack.all('KongConsumer').some(({ credentials }) => {
      const found = credentials.map((name: string) => this.credential(name));
      const group = found.find(({ kind }: Rendered) => kind === 'acl')?.data.group;
      return found.some(({ kind }: Rendered) => kind === 'jwt') && plugins.get('acl')?.allow.includes(group);
    });
  }

  /** A Secret, or what External Secrets makes one of. */
  private credential(name: string): { kind: string; data: Record<string, string> } {
    const remote = this.stack.all('ExternalSecret').find(({ spec }) => spec.target.name === name);
    const { metadata, data } = remote
      ? remote.spec.target.template
      : { ...this.stack.one('Secret', name), data: unwrapped(this.stack.one('Secret', name).stringData) };
    return { kind: metadata.labels['konghq.com/credential'], data };
  }

  /** What Kong's plugins cannot tell: the proxy beside the service refuses it. */
  private meshRefuses(app: string, path: string, method: string, as: Asker): number | undefined {
    const about = (kind: string) =>
      this.stack.all(kind).filter(({ spec }) => spec.selector?.matchLabels?.app === app);
    const said = claims[as];
    const [authentication] = about('RequestAuthentication');
    const [{ issuer, audiences } = { issuer: undefined, audiences: [] }] =
      authentication?.spec.jwtRules ?? [];
    if ((said?.issuer ?? issuer) !== issuer || !audiences.includes(said?.audience ?? audiences[0]))
      return 401;
    const refused = about('AuthorizationPolicy')
      .filter(({ spec }) => spec.action === 'DENY')
      .flatMap(({ spec }) => spec.rules)
      .some(
        ({ to, when }: Rendered) =>
          to.some(
            ({ operation }: Rendered) =>
              operation.methods.includes(method) &&
              operation.paths.some((pattern: string) =>
                pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
              ),
          ) &&
          when.every(({ key, notValues }: Rendered) => {
            const has = (key.includes('[roles]') ? said?.roles : said?.scope) ?? [];
            return !notValues.some((value: string) => has.includes(value));
          }),
      );
    return refused ? 403 : undefined;
  }

  /** Opened by failures in a row that Kong counts, closed by a probe that it makes. */
  private breaker(service: string): { opensAfter: number; probesEvery: number } {
    const annotations = this.stack.one('Service', service).metadata.annotations;
    const policy = this.stack.one('KongUpstreamPolicy', annotations['konghq.com/upstream-policy']);
    const { active, passive } = policy.spec.healthchecks;
    const counts = passive.unhealthy.httpStatuses.includes(500);
    return {
      opensAfter: counts ? passive.unhealthy.httpFailures : Number.POSITIVE_INFINITY,
      probesEvery: active.httpPath && active.healthy.successes ? active.unhealthy.interval : 0,
    };
  }

  /** As nginx does with what echo answers: data that repeats the request, of a length it does not say. */
  private compresses(headers: Record<string, string>): boolean {
    const { env } = this.stack.all('Release').find(({ name }) => name === 'kong').values.gateway;
    const asked = headers['accept-encoding'] === 'gzip';
    return asked && env.nginx_proxy_gzip === 'on' && env.nginx_proxy_gzip_types.includes('application/json');
  }

  verdict(one: Case): Verdict {
    const found = this.find(one.ask);
    return { logged: found && this.plugins(found.route).has('file-log'), ...this.outcome(one, found) };
  }

  private outcome({ ask, times = 1 }: Case, found: Found | undefined): Verdict {
    const { as = 'nobody', bytes = 0, method = 'GET', headers = {} } = ask;
    if (!found) return { status: 404 };
    const { route, rule, match } = found;
    const plugins = this.plugins(route);
    const filter = (type: string) => rule.filters.find((one: Rendered) => one.type === type) ?? {};
    const rewrite = filter('URLRewrite').urlRewrite?.path.replacePrefixMatch;
    const asked = normalised(ask.path);
    const path = rewrite ? `${rewrite}${asked.slice(match.path.value.length)}` : asked;
    const app = rule.backendRefs[0].name;

    const unsigned = as === 'nobody' || as === 'nonsense' || as === 'expired' || as === 'forged';
    const expires = as !== 'expired' || plugins.get('jwt')?.claims_to_verify.includes('exp');
    if (plugins.has('jwt') && unsigned && expires) return { status: 401 };
    if (plugins.has('jwt') && !this.knowsTheKey(plugins)) return { status: 403 };
    const refused = as === 'nobody' ? undefined : this.meshRefuses(app, path, method, as);
    if (refused) return { status: refused };
    const limit = plugins.get('rate-limiting')?.minute;
    if (limit !== undefined && times > limit) {
      const { hide_client_headers } = plugins.get('rate-limiting');
      return { status: 429, answered: hide_client_headers ? {} : { 'retry-after': '60' } };
    }
    if (bytes > plugins.get('request-size-limiting').allowed_payload_size) return { status: 413 };
    if (ask.path.includes('answer=500')) {
      const { opensAfter, probesEvery } = this.breaker(app);
      return { status: times > opensAfter && probesEvery > 0 ? 503 : 500 };
    }
    const { set = [], remove = [] } = filter('RequestHeaderModifier').requestHeaderModifier ?? {};
    const reached: Record<string, string | undefined> = {
      ...headers,
      ...Object.fromEntries(set.map(({ name, value }: Rendered) => [name, value])),
      ...Object.fromEntries(remove.map((name: string) => [name, undefined])),
    };
    const answer = filter('ResponseHeaderModifier').responseHeaderModifier ?? { set: [], remove: [] };
    return {
      status: 200,
      path,
      pods: reached.version === 'v2' ? 'v2' : 'live',
      reached,
      answered: Object.fromEntries([
        ...['x-internal'].filter((name) => !answer.remove?.includes(name)).map((name) => [name, 'there']),
        ...(answer.set ?? []).map(({ name, value }: Rendered) => [name, value]),
        ...(this.compresses(headers) ? [['content-encoding', 'gzip']] : []),
      ]),
    };
  }
}
