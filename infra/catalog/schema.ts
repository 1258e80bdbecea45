// What a catalogue file may say. One file describes one service; whatever it leaves out has the reference figure
// (R6 for sizes, R7 for the mesh), so a file that names only itself already gives a production service.
import { z } from 'zod';

export const environments = ['local', 'staging', 'production'] as const;
export type Environment = (typeof environments)[number];

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const cpuQuantity = z
  .string()
  .regex(/^(\d+m|\d+(\.\d{1,3})?)$/, 'is cores ("2", "0.5") or thousandths ("200m")');
const memoryQuantity = z.string().regex(/^\d+(Ki|Mi|Gi)$/, 'is bytes with a unit, such as "256Mi" or "2Gi"');
const path = z
  .string()
  .regex(/^\/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-]$/, 'starts with "/" and does not end with it');
const seconds = z.int().min(0).max(3600);
const duration = z.string().regex(/^\d+(ms|s|m|h)$/, 'is a number with ms, s, m or h, such as "30s"');
/** Name of a Kubernetes Secret. */
export const secretName = z.string().regex(kebab, 'is lower-case words joined by "-"').max(63);
const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'is UPPER_CASE');

/** Requests and limits of a container: cores (`cpu`) and bytes (`memory`). */
export const resourcesOf = (figures: {
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}) =>
  z
    .strictObject({
      requests: z
        .strictObject({
          cpu: cpuQuantity.default(figures.requests.cpu),
          memory: memoryQuantity.default(figures.requests.memory),
        })
        .prefault({}),
      limits: z
        .strictObject({
          cpu: cpuQuantity.default(figures.limits.cpu),
          memory: memoryQuantity.default(figures.limits.memory),
        })
        .prefault({}),
    })
    .prefault({});

/** A volume's size in bytes, such as "20Gi". */
export const storageQuantity = memoryQuantity;

const scale = z.strictObject({
  /** Pods the autoscaler keeps at least. Default 3. */
  min: z.int().min(1).max(100).default(3),
  /** Pods it goes up to at most. Default 20. */
  max: z.int().min(1).max(1000).default(20),
  /** Average CPU it aims at, in percent of the request (so it may be over 100). Default 70. */
  cpu: z.int().min(1).max(2000).default(70),
  /** Average memory it aims at, in percent of the request. Default 80. */
  memory: z.int().min(1).max(2000).default(80),
});

const probe = (defaults: { path: string; initialDelaySeconds: number; periodSeconds: number }) =>
  z
    .strictObject({
      path: path.default(defaults.path),
      initialDelaySeconds: seconds.default(defaults.initialDelaySeconds),
      periodSeconds: z.int().min(1).max(300).default(defaults.periodSeconds),
    })
    .prefault({});

const topic = z.strictObject({
  /** `<context>.<aggregate>.v<n>`; its dead letters go to `<name>.dlq`, which is made with it. */
  name: z
    .string()
    .regex(/^[a-z]+(\.[a-z-]+)+\.v\d+$/, 'is <context>.<aggregate>.v<n>, such as order.order.v1'),
  /** How many consumers of a group can share the work. Can be raised later, never lowered. Default 6. */
  partitions: z.int().min(1).max(200).default(6),
  /** Hours a message is kept. Default 168 (a week). */
  retentionHours: z
    .int()
    .min(1)
    .max(24 * 366)
    .default(168),
});

const database = z.strictObject({
  /** Kubernetes Secret with keys `url`, `username`, `password`. Default `<service>-database-secret`. */
  secretName: secretName.optional(),
  /** true: DATABASE_REPLICA_URL too, for reads that may be a moment old; the database itself where there is no copy. Default false. */
  replica: z.boolean().default(false),
});

const secret = z.strictObject({
  /** The service that declares it, keys and all; this one reads it too, for two who prove something to each other. Default: it is declared here. */
  of: z.string().optional(),
  /**
   * `generated`: made at random and kept in the state, encrypted. `pulumi`: given in the stack's `secretValues`. `external`: fetched
   * from the secrets manager. `existing`: somebody else puts it into the namespace. Default: the stack's setting `secrets`.
   */
  source: z.enum(['generated', 'pulumi', 'external', 'existing']).optional(),
  /** Keys of the Secret. A generated value is `prefix` and 32 random letters and digits. */
  keys: z
    .record(z.string().regex(kebab), z.strictObject({ prefix: z.string().max(20).default('') }))
    .default({}),
  /** Environment variable → key. The value stays in the Secret; the pod refers to it. */
  env: z.record(variable, z.string()).default({}),
  /** True for a key that stored data are sealed with: made anew, nobody could read them. Never rotated. Default false. */
  sealsData: z.boolean().default(false),
});

const headerName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'is a header in lower case');
const role = z.string().regex(kebab, 'is lower-case words joined by "-"');
const scope = z.string().regex(/^[a-z][a-z0-9:._-]*$/, 'is an OAuth scope, such as "orders:read"');

/** Headers set and removed on the way. Values are text as it stands. */
const headerChanges = z
  .strictObject({
    set: z.record(headerName, z.string().min(1).max(200)).default({}),
    remove: z.array(headerName).default([]),
  })
  .prefault({});

const routeObject = z.strictObject({
  /** Without the version. Covers what is below it too; where two routes of a service fit, the longer path wins. */
  path,
  /**
   * Served as `/<version><path>`, and as `<path>` with the header `version: <version>`; the first is meant where none is named.
   * Empty: served as `path` only. Default [v1].
   */
  versions: z.array(z.enum(['v1', 'v2'])).default(['v1']),
  /** Anything else is answered 405 (or 404). GET includes HEAD. Default [GET]. */
  methods: z
    .array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']))
    .min(1)
    .default(['GET']),
  /** `token`: 401 without a valid access token. `none`: open to all. Default token. */
  authentication: z.enum(['none', 'token']).default('token'),
  /** Why it is open to all; needed where it is. One sentence for people. */
  openBecause: z.string().min(10).max(200).optional(),
  /** 403 unless the token has one of the roles and all of the scopes. Default: any token will do. */
  authorisation: z
    .strictObject({ roles: z.array(role).default([]), scopes: z.array(scope).default([]) })
    .prefault({}),
  /**
   * 429 beyond that; counted by address (`client`) or by whom the token is of (`customer`), per gateway pod. `none`: unlimited.
   * Default 100 per second and client.
   */
  rateLimit: z
    .preprocess(
      (raw) => (raw === 'none' ? null : raw),
      z
        .strictObject({
          requests: z.int().min(1).max(1_000_000),
          per: z.enum(['second', 'minute', 'hour']),
          by: z.enum(['client', 'customer']),
        })
        .nullable(),
    )
    .default({ requests: 100, per: 'second', by: 'client' }),
  transform: z.strictObject({ request: headerChanges, response: headerChanges }).prefault({}),
  /** Whether the gateway logs these requests. Default true. */
  log: z.boolean().default(true),
  /** 413 beyond that. Default 100Ki, what services take. */
  bodyLimit: z
    .string()
    .regex(/^[1-9]\d*(Ki|Mi)$/, 'is bytes with a unit, such as "100Ki"')
    .default('100Ki'),
});

/** What the front door lets through to a service. A plain path is open to all, unversioned, and takes GET. */
const route = z.preprocess(
  (raw) =>
    typeof raw === 'string'
      ? { path: raw, versions: [], authentication: 'none', openBecause: 'A page for everybody.' }
      : raw,
  routeObject,
);

const mesh = z
  .strictObject({
    /** Open connections to the service from one proxy. Default 100. */
    maxConnections: z.int().min(1).max(100_000).default(100),
    /** Requests that may wait for a connection. Default 50. */
    http1MaxPendingRequests: z.int().min(1).max(100_000).default(50),
    /** Requests before a connection is closed and made anew; 0 = never. Default 10. */
    maxRequestsPerConnection: z.int().min(0).max(1_000_000).default(10),
    /** Answers of 5xx in a row that eject a pod. Default 5. */
    consecutive5xxErrors: z.int().min(1).max(1000).default(5),
    /** Time between two looks for pods to eject. Default 30s. */
    interval: duration.default('30s'),
    /** First time out of the pool; grows with every ejection. Default 30s. */
    baseEjectionTime: duration.default('30s'),
    /** Largest share of the pods that may be out at once, percent. Default 50. */
    maxEjectionPercent: z.int().min(0).max(100).default(50),
    /** How long a request through the front door may take. Default 15s. */
    timeout: duration.default('15s'),
  })
  .prefault({});

export const serviceSchema = z.strictObject({
  /** Lower-case words joined by "-", same as the file's name. Everything is named after it: `<name>-service`. */
  name: z.string().regex(kebab, 'is lower-case words joined by "-"').max(40),
  /** One sentence for people. */
  description: z.string().min(10).max(200),
  /** Port the process listens on; unique in the catalogue. The Service is always on port 80. */
  port: z.int().min(1024).max(65535),
  /** Version label the live colour is born with; the release tool moves it on. */
  version: z
    .string()
    .regex(/^v\d+$/, 'is v<n>')
    .default('v1'),
  /** Pods at birth; the autoscaler owns the number afterwards. Default 5. */
  replicas: z.int().min(1).max(1000).default(5),
  scale: scale.prefault({}),
  /** Default: requests 200m and 256Mi, limits 500m and 512Mi. */
  resources: resourcesOf({
    requests: { cpu: '200m', memory: '256Mi' },
    limits: { cpu: '500m', memory: '512Mi' },
  }),
  /** Default: liveness GET /health after 30 s every 10 s; readiness GET /ready after 5 s every 5 s. */
  probes: z
    .strictObject({
      liveness: probe({ path: '/health', initialDelaySeconds: 30, periodSeconds: 10 }),
      readiness: probe({ path: '/ready', initialDelaySeconds: 5, periodSeconds: 5 }),
    })
    .prefault({}),
  /** true or an object: own PostgreSQL database and role, DATABASE_URL, DATABASE_POOL_SIZE, and `migrate` before every start. Default false. */
  database: z.union([z.boolean(), database]).default(false),
  /** Keeps its history as events: EVENT_STORE_URL from `kurrentdb-secret` in a stack that has KurrentDB. Default false. */
  eventStore: z.boolean().default(false),
  /** REDIS_URL from `redis-secret`. Default false. */
  cache: z.boolean().default(false),
  /** Services it calls over HTTP, by catalogue name; each gives <NAME>_SERVICE_URL and a hole in both network policies. */
  calls: z.array(z.string()).default([]),
  topics: z
    .strictObject({
      produces: z.array(topic).default([]),
      /** Topic names; somebody in the catalogue must produce them. */
      consumes: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** What the front door lets through, and on which terms; all else is 404. No two services may share a path. Default none. */
  routes: z.array(route).default([]),
  /**
   * `none`: open to all. `verifies`: checks access tokens against the issuer's JWKS. `issues`: signs them (one service at most; gets
   * the key file). Default none.
   */
  authentication: z.enum(['none', 'verifies', 'issues']).default('none'),
  /** May open TLS connections (port 443) to the outside. Default false. */
  internet: z.boolean().default(false),
  /** Stand-ins for outside parties, run beside the service. Never in production. Default none. */
  sandboxes: z.array(z.enum(['payment', 'carriers', 'mail'])).default([]),
  /** Kubernetes Secrets by name. */
  secrets: z.record(secretName, secret).default({}),
  /** Further plain settings. No secrets here: a policy refuses them. */
  env: z.record(variable, z.string()).default({}),
  mesh,
});

/** A service as it is to be in one environment, all defaults filled in. */
export type ServiceEntry = z.infer<typeof serviceSchema>;
