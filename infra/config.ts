// The stack's settings: everything in which one environment may differ from another, apart from a service's own figures
// (those are in the catalogue). Parsed once; a key that is not here is an error, because a misspelt one would be silence.
import { z } from 'zod';
import { awsSettings } from './aws-settings';
import { environments, resourcesOf, secretName, storageQuantity } from './catalog/schema';
import { InputError } from './input-error';

export const project = 'ecommerce-platform';

/** A setting is missing, unknown or wrong; the message has a line per mistake with the key and what is allowed. */
export class ConfigError extends InputError {
  constructor(mistakes: string[]) {
    super(`The configuration cannot be used:\n  ${mistakes.join('\n  ')}`);
  }
}

const flag = z.enum(['true', 'false'], 'true or false').transform((text) => text === 'true');
/** Structured values arrive as JSON text, from the Pulumi CLI as well as from our engine. */
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({
          code: 'custom',
          message: 'a mapping (JSON where it comes from the command line)',
        });
        return z.NEVER;
      }
    })
    .pipe(schema);

const image = z
  .string()
  .regex(/^[^\s:@]+(:\d+)?[^\s:@]*(:[\w.-]+|@sha256:[0-9a-f]{64})$/, 'a full reference with a tag or digest');

const postgres = z.strictObject({
  /** Size of the volume. Default 100Gi. */
  storage: storageQuantity.default('100Gi'),
  /** Connections over all services, shared out among their pods. Default 1000. */
  maxConnections: z.int().min(20).max(5000).default(1000),
  /** Share of the memory PostgreSQL caches in, bytes as it writes them. Default 1GB. */
  sharedBuffers: z
    .string()
    .regex(/^\d+(MB|GB)$/, 'a size such as "1GB"')
    .default('1GB'),
  resources: resourcesOf({ requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '4', memory: '4Gi' } }),
});

const redis = z.strictObject({
  /** Where eviction of the least used starts. Keep it under three quarters of the memory limit. Default 768mb. */
  maxMemory: z
    .string()
    .regex(/^\d+mb$/, 'a size such as "768mb"')
    .default('768mb'),
  resources: resourcesOf({ requests: { cpu: '200m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } }),
});

const kafka = z.strictObject({
  /** Nodes, each broker and controller at once. Odd, so that a majority exists. Default 3. */
  brokers: z.union([z.literal(1), z.literal(3), z.literal(5)], '1, 3 or 5').default(3),
  /** Size of each node's volume. Default 100Gi. */
  storage: storageQuantity.default('100Gi'),
  /** With Strimzi: the release of Kafka. Default the operator's own. */
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'a release such as "4.1.0"')
    .optional(),
  /** Heap of each node, mebibytes. Default 1024. */
  heapMebibytes: z.int().min(128).max(32768).default(1024),
  resources: resourcesOf({ requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '2', memory: '3Gi' } }),
});

const consul = z.strictObject({
  /** Servers, of which a majority must be there. Default 3. */
  servers: z.union([z.literal(1), z.literal(3), z.literal(5)], '1, 3 or 5').default(3),
  /** Size of each server's volume. Default 10Gi. */
  storage: storageQuantity.default('10Gi'),
  resources: resourcesOf({
    requests: { cpu: '200m', memory: '256Mi' },
    limits: { cpu: '1', memory: '512Mi' },
  }),
});

const kurrentdb = z.strictObject({
  /** Size of each node's volume. Default 100Gi. */
  storage: storageQuantity.default('100Gi'),
  resources: resourcesOf({ requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '2', memory: '4Gi' } }),
});

const secretStore = z.strictObject({
  /** `ClusterSecretStore`: it is there. `SecretStore`: the program makes it, on AWS Secrets Manager. Default SecretStore. */
  kind: z
    .enum(['SecretStore', 'ClusterSecretStore'], 'SecretStore or ClusterSecretStore')
    .default('SecretStore'),
  /** Default `platform-secrets`. */
  name: secretName.default('platform-secrets'),
  /** Region of Secrets Manager. Default eu-central-1. */
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as "eu-central-1"')
    .default('eu-central-1'),
  /** Role the store's service account takes (IRSA); it may read this environment's entries and nothing else. */
  roleArn: z
    .string()
    .regex(/^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of a role')
    .optional(),
});

const schema = z.strictObject({
  /** Which environment of the catalogue: local, staging or production. Required. */
  environment: z.enum(environments, environments.join(', ')),
  /** Where images are, `host/path`; the image's name and `imageTag` are added. Needed unless `images` names all. */
  registry: z
    .string()
    .regex(/^[^\s/]+(\/[^\s/]+)*$/, 'host/path without a slash at the end')
    .optional(),
  /** Exact tag of all images in `registry`; never `latest`. */
  imageTag: z
    .string()
    .regex(/^(?!latest$)[\w][\w.-]{0,127}$/, 'an exact tag, never latest')
    .optional(),
  /** Image name → full reference; goes before `registry`. */
  images: json(z.record(z.string(), image)).default({}),
  /** True where the release tool owns image, version label and weights. Default false. */
  releaseManaged: flag.default(false),
  /** True where the cluster starts empty: Istio, the front door and the operators are installed as releases. Default false. */
  operators: flag.default(false),
  /**
   * Where Secrets come from unless the catalogue says so for one: made at random, given in `secretValues`, or fetched by External
   * Secrets. Default generated.
   */
  secrets: z.enum(['generated', 'pulumi', 'external'], 'generated, pulumi or external').default('generated'),
  /** Where External Secrets fetches; entries are called `ecommerce-platform/<environment>/<secret>`. */
  secretStore: json(secretStore).default(secretStore.parse({})),
  /** With `pulumi`: Secret → key → value. Only ever set with `pulumi config set --secret --path`. */
  secretValues: json(z.record(secretName, z.record(z.string(), z.string()))).default({}),
  /** Secret → how often its values were made anew, from 1. `platform secrets rotate` raises it. Default 1 each. */
  secretGenerations: json(
    z.record(secretName, z.int('a whole number from 1').min(1, 'a whole number from 1').max(10_000)),
  ).default({}),
  /** What stands at the front door. Istio's gateway or Kong must be in the cluster. Default istio. */
  gateway: z.enum(['istio', 'kong'], 'istio or kong').default('istio'),
  /** Host names the front door answers to. Default all. */
  gatewayHosts: json(z.array(z.string().min(1)).min(1)).default(['*']),
  /** TLS Secret in the gateway's namespace. Set: HTTPS (TLS 1.3) on 443 and a redirect from 80. Unset: HTTP. */
  gatewayTlsSecret: z.string().min(1).optional(),
  /** Extension provider of the mesh that takes traces from proxies. Unset: they send none. */
  tracingProvider: z.string().min(1).optional(),
  /** Where it sends them, by OTLP over gRPC: a Service in Istio's namespace, which every proxy knows, and its port. Needed with `tracingProvider`. */
  tracingCollector: z
    .string()
    .regex(/^[a-z][a-z0-9-]*:\d{1,5}$/, 'a Service and its port such as "otel-collector:4317"')
    .transform((text) => {
      const [service = '', port] = text.split(':');
      return { service, port: Number(port) };
    })
    .optional(),
  /** Storage class of the volumes. Default `standard`. */
  storageClass: z.string().min(1).default('standard'),
  postgres: json(postgres).default(postgres.parse({})),
  redis: json(redis).default(redis.parse({})),
  kafka: json(kafka).default(kafka.parse({})),
  /** Whether services are registered with Consul and found through it. Default: whether `images` names one for it. */
  discovery: flag.optional(),
  consul: json(consul).default(consul.parse({})),
  /** `kafka`: nodes of our own image. `strimzi`: by its operator, with TLS, users and grants. `msk`: managed, of the aws layer. Default kafka. */
  messaging: z.enum(['kafka', 'strimzi', 'msk'], 'kafka, strimzi or msk').default('kafka'),
  /** `kurrentdb`: three nodes of it beside the databases. Default postgres: the history of a service is in its own database. */
  eventStore: z.enum(['postgres', 'kurrentdb'], 'postgres or kurrentdb').default('postgres'),
  kurrentdb: json(kurrentdb).default(kurrentdb.parse({})),
  /** VolumeSnapshotClass that copies volumes. Default `standard`. */
  snapshotClass: z.string().min(1).default('standard'),
  /** `in-cluster`: PostgreSQL and Redis in pods. `aws`: the aws layer, with managed servers and the cluster itself. Default in-cluster. */
  data: z.enum(['in-cluster', 'aws'], 'in-cluster or aws').default('in-cluster'),
  /** Account, region and sizes of the aws layer. Needed with `data: aws`, refused without. */
  aws: json(awsSettings).optional(),
});

export type PlatformConfig = z.infer<typeof schema>;

/**
 * @param all every setting of the stack, `project:key` → text, as `pulumi.runtime.allConfig()` gives it. Other projects' keys
 * (`kubernetes:context`) are not ours to judge.
 * @throws ConfigError with all mistakes at once. It names the kind of a wrong value, not the value: it may be a secret.
 */
export function parseConfig(all: Record<string, string>): PlatformConfig {
  const prefix = `${project}:`;
  const own = Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length).replace(/^config:/, ''), value]),
  );
  const parsed = schema.safeParse(own);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap((issue) => describe(issue, own)));
  const problems = problemsBetween(parsed.data).map((problem) => `${prefix}${problem}`);
  if (problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

/** What no setting can know alone. */
function problemsBetween(config: PlatformConfig): string[] {
  const managed = config.data === 'aws';
  return [
    ...when(
      config.registry && !config.imageTag,
      'imageTag: is missing; a registry needs the exact tag of its images',
    ),
    ...when(
      managed && !config.aws,
      'aws: is missing; data is aws, which needs accountId and others (infra/aws-settings.ts)',
    ),
    ...when(
      !managed && config.aws,
      'aws: says how to build what data does not ask for; remove it, or set data to aws',
    ),
    ...when(
      managed && config.secrets !== 'external',
      'secrets: must be external where data is aws: addresses and passwords come from Secrets Manager',
    ),
    ...when(
      config.tracingProvider && !config.tracingCollector,
      'tracingCollector: is missing; tracingProvider sends its traces there, and network policies must let them through',
    ),
    ...when(
      !config.tracingProvider && config.tracingCollector,
      'tracingCollector: is where tracingProvider would send; set that too, or remove it',
    ),
    ...when(
      config.messaging === 'msk' && !managed,
      'messaging: msk is the broker of the aws layer, which needs data: aws; without, choose strimzi or kafka',
    ),
    ...when(
      managed && config.gatewayHosts.includes('*'),
      'gatewayHosts: are all names; a certificate needs to know them',
    ),
  ];
}

const when = (condition: unknown, problem: string): string[] => (condition ? [problem] : []);

function describe(issue: z.core.$ZodIssue, own: Record<string, string>): string[] {
  const [key, ...rest] = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = key === undefined ? Object.keys(schema.shape).join(', ') : 'see infra/config.ts';
    const where = key === undefined ? project : `${project}:${[key, ...rest].join('.')}`;
    return issue.keys.map((unknown) => `${where}:${unknown}: there is no such setting; there are ${known}`);
  }
  const value = own[key ?? ''];
  const kind = value === undefined ? 'is missing' : `is ${kindOf(value)}`;
  return [`${project}:${[key, ...rest].join('.')}: ${kind}; must be ${issue.message}`];
}

function kindOf(value: string): string {
  if (value === '') return 'empty';
  if (/^[{[]/.test(value)) return 'a mapping or list that does not fit';
  if (/^-?\d+(\.\d+)?$/.test(value)) return 'a number';
  return `text of ${value.length} characters`;
}

/** Full reference of an image by its short name. @throws ConfigError when neither `images` nor `registry` says where it is */
export function imageReference(
  config: Pick<PlatformConfig, 'images' | 'registry' | 'imageTag'>,
  name: string,
): string {
  const exact = config.images[name];
  if (exact !== undefined) return exact;
  if (config.registry !== undefined) return `${config.registry}/${name}:${config.imageTag}`;
  throw new ConfigError([
    `${project}:images: has no "${name}"; add its full reference, or set ${project}:registry and ${project}:imageTag (platform up builds and passes them for the local stack)`,
  ]);
}
