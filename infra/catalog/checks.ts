// What no single file can know: whether the services of the catalogue fit together.
import type { Environment, ServiceEntry } from './schema';

type Route = ServiceEntry['routes'][number];

/** One thing wrong: where, what, and what to do about it. */
export interface Problem {
  service: string;
  path: string;
  message: string;
}

type Check = (services: ServiceEntry[], environment: Environment) => Problem[];

const byName = (services: ServiceEntry[]) => new Map(services.map((service) => [service.name, service]));

/** `found(owner of the first, second)` for every value that two services (or one twice) claim. */
function claimedTwice(
  services: ServiceEntry[],
  claims: (service: ServiceEntry) => [value: string, path: string][],
  say: (value: string, first: string) => string,
): Problem[] {
  const owners = new Map<string, string>();
  return services.flatMap((service) =>
    claims(service).flatMap(([value, path]) => {
      const first = owners.get(value);
      owners.set(value, first ?? service.name);
      return first === undefined ? [] : [{ service: service.name, path, message: say(value, first) }];
    }),
  );
}

const uniquePorts: Check = (services) =>
  claimedTwice(
    services,
    (service) => [[String(service.port), 'port']],
    (port, first) => `${port} is taken by ${first}; choose a free one`,
  );

const uniqueTopics: Check = (services) =>
  claimedTwice(
    services,
    (service) => service.topics.produces.map((topic, i) => [topic.name, `topics.produces[${i}].name`]),
    (topic, first) => `${topic} is already produced by ${first}; a topic has one producer, name another`,
  );

/** Those a service makes, not those of others it reads. */
export const declaredSecrets = ({ secrets }: ServiceEntry) =>
  Object.entries(secrets).filter(([, { of }]) => of === undefined);

const uniqueSecrets: Check = (services) =>
  claimedTwice(
    services,
    (service) => [
      ...declaredSecrets(service).map(([name]): [string, string] => [name, `secrets.${name}`]),
      ...(service.database ? [[databaseSecretName(service), 'database.secretName'] as [string, string]] : []),
    ],
    (name, first) => `Secret ${name} belongs to ${first} already; choose another name`,
  );

const below = (path: string, other: string) => path === other || path.startsWith(`${other}/`);

/** Every path a route is reached at. */
const pathsOf = ({ path, versions }: Route): string[] => [
  path,
  ...versions.map((version) => `/${version}${path}`),
];

const separateRoutes: Check = (services) => {
  const all = services.flatMap((service) =>
    service.routes.map((route, i) => ({ service: service.name, route, path: `routes[${i}]` })),
  );
  const collides = (one: (typeof all)[number], other: (typeof all)[number]) => {
    if (one.service === other.service) {
      const shared = one.route.methods.filter((method) => other.route.methods.includes(method));
      return shared.length > 0 && pathsOf(one.route).some((path) => pathsOf(other.route).includes(path));
    }
    return pathsOf(one.route).some((path) =>
      pathsOf(other.route).some((taken) => below(path, taken) || below(taken, path)),
    );
  };
  return all.flatMap((one, i) =>
    all
      .slice(0, i)
      .filter((other) => collides(one, other))
      .map((other) => ({
        service: one.service,
        path: one.path,
        message: `${one.route.path} collides with ${other.route.path} of ${other.service}; a request must have one way to go`,
      })),
  );
};

/** What the fields of one route demand of each other and of the service. */
const consistentRoutes: Check = (services) =>
  services.flatMap((service) =>
    service.routes.flatMap((route, i) => {
      const { authentication, authorisation, openBecause, rateLimit, versions } = route;
      const found = (wrong: boolean, field: string, message: string) =>
        wrong ? [{ service: service.name, path: `routes[${i}].${field}`, message }] : [];
      const restricted = authorisation.roles.length + authorisation.scopes.length > 0;
      return [
        ...found(
          versions.length > 0 && /^\/v\d+(\/|$)/.test(route.path),
          'path',
          `${route.path} names a version; leave it out, "versions" puts it in front`,
        ),
        ...found(new Set(versions).size < versions.length, 'versions', 'names a version twice; remove one'),
        ...found(
          authentication === 'token' && service.authentication === 'none',
          'authentication',
          'demands a token, but the service checks none; set "authentication: verifies" on the service, or "none" here',
        ),
        ...found(
          authentication === 'none' && openBecause === undefined,
          'openBecause',
          'is missing; say in a sentence why the route is open to all, or set "authentication: token"',
        ),
        ...found(
          authentication === 'none' && restricted,
          'authorisation',
          'asks for roles or scopes, which only a token carries; set "authentication: token"',
        ),
        ...found(
          authentication === 'none' && rateLimit?.by === 'customer',
          'rateLimit.by',
          'counts by customer, whom only a token names; count by client, or set "authentication: token"',
        ),
      ];
    }),
  );

const knownCalls: Check = (services) => {
  const known = byName(services);
  return services.flatMap((service) =>
    service.calls.flatMap((name, i) => {
      const path = `calls[${i}]`;
      if (name === service.name)
        return [{ service: service.name, path, message: 'a service does not call itself; remove it' }];
      if (known.has(name)) return [];
      const names = [...known.keys()].join(', ');
      return [
        { service: service.name, path, message: `there is no service "${name}"; the catalogue has ${names}` },
      ];
    }),
  );
};

const consumedTopicsExist: Check = (services) => {
  const produced = new Set(services.flatMap((service) => service.topics.produces.map((topic) => topic.name)));
  return services.flatMap((service) =>
    service.topics.consumes.flatMap((name, i) =>
      produced.has(name)
        ? []
        : [
            {
              service: service.name,
              path: `topics.consumes[${i}]`,
              message: `no service produces ${name}; add it to the producer's topics.produces (there are ${[...produced].join(', ') || 'none'})`,
            },
          ],
    ),
  );
};

const oneIssuer: Check = (services) => {
  const issuers = services.filter((service) => service.authentication === 'issues');
  const tooMany = issuers.slice(1).map((service) => ({
    service: service.name,
    path: 'authentication',
    message: `${issuers[0]?.name} issues tokens already; use "verifies" here`,
  }));
  const lost = issuers.length > 0 ? [] : services.filter((service) => service.authentication === 'verifies');
  return [
    ...tooMany,
    ...lost.map((service) => ({
      service: service.name,
      path: 'authentication',
      message: 'verifies tokens, but no service issues them; set "issues" on one',
    })),
  ];
};

const figuresInOrder: Check = (services) =>
  services.flatMap((service) => {
    const { min, max } = service.scale;
    const at = (path: string, message: string) => ({ service: service.name, path, message });
    return [
      ...(min > max ? [at('scale', `min ${min} is over max ${max}; swap or widen them`)] : []),
      ...(service.replicas < min || service.replicas > max
        ? [at('replicas', `${service.replicas} is outside scale ${min} to ${max}; start within it`)]
        : []),
    ];
  });

const secretKeysExist: Check = (services) =>
  services.flatMap((service) =>
    Object.entries(service.secrets).flatMap(([name, secret]) => {
      const declared = secret.of === undefined ? secret : declaredBy(services, secret.of, name);
      return Object.entries(secret.env)
        .filter(([, key]) => declared && !Object.hasOwn(declared.keys, key))
        .map(([variable, key]) => ({
          service: service.name,
          path: `secrets.${name}.env.${variable}`,
          message: `names key "${key}", which is not under keys; add it there`,
        }));
    }),
  );

const declaredBy = (services: ServiceEntry[], owner: string, name: string) => {
  const found = services.find((service) => service.name === owner)?.secrets[name];
  return found?.of === undefined ? found : undefined;
};

const secretsOfOthersExist: Check = (services) =>
  services.flatMap((service) =>
    Object.entries(service.secrets).flatMap(([name, { of, source, keys, sealsData }]) => {
      const at = (message: string) => [{ service: service.name, path: `secrets.${name}`, message }];
      if (of === undefined) return [];
      if (of === service.name || !declaredBy(services, of, name))
        return at(`${of} declares no such Secret for others to read; declare it there, or leave "of" out`);
      return source !== undefined || sealsData || Object.keys(keys).length > 0
        ? at(`is declared by ${of}; say only "of" and "env" here`)
        : [];
    }),
  );

const noSandboxInProduction: Check = (services, environment) =>
  environment !== 'production'
    ? []
    : services
        .filter((service) => service.sandboxes.length > 0)
        .map((service) => ({
          service: service.name,
          path: 'sandboxes',
          message: 'production talks to the real party; move it under environments.local',
        }));

const checks: Check[] = [
  uniquePorts,
  uniqueTopics,
  uniqueSecrets,
  separateRoutes,
  consistentRoutes,
  knownCalls,
  consumedTopicsExist,
  oneIssuer,
  figuresInOrder,
  secretKeysExist,
  secretsOfOthersExist,
  noSandboxInProduction,
];

/** Everything that does not fit together, in the order of the checks. */
export const problemsBetween = (services: ServiceEntry[], environment: Environment): Problem[] =>
  checks.flatMap((check) => check(services, environment));

/** The Secret that holds a service's `url`, `username` and `password`. */
export const databaseSecretName = ({ name, database }: ServiceEntry): string =>
  (typeof database === 'object' ? database.secretName : undefined) ?? `${name}-database-secret`;
