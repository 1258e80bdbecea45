// The settings of the AWS layer. Facts of the account stand here and are not looked up, so that a preview needs no access to it.
import { z } from 'zod';

const zone = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'a zone such as "eu-central-1a"');
const version = (example: string) =>
  z.string().regex(/^v?\d+(\.[\dx]+)+(-[\w.]+)?$/, `a version such as "${example}"`);
const roleArn = z.string().regex(/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of a role');
const hostName = z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'a host name');
const emails = z.array(z.email('an e-mail address')).min(1, 'at least one e-mail address');

const network = z.strictObject({
  /** Addresses of the VPC, /16 to /20. No other network it is ever joined to may overlap. Default 10.40.0.0/16. */
  cidr: z
    .string()
    .regex(/^\d+(\.\d+){3}\/(1[6-9]|20)$/, 'a network of /16 to /20 such as "10.40.0.0/16"')
    .default('10.40.0.0/16'),
  /** A NAT gateway in every zone. False: one for all, and its zone is everybody's way out. Default true. */
  natPerZone: z.boolean().default(true),
});

const cluster = z.strictObject({
  /** Kubernetes. Default 1.34. */
  version: version('1.34').default('1.34'),
  /** Exact versions of EKS's add-ons; they go with `version`. */
  addons: z
    .strictObject({
      'vpc-cni': version('v1.20.4-eksbuild.2').default('v1.20.4-eksbuild.2'),
      coredns: version('v1.12.4-eksbuild.1').default('v1.12.4-eksbuild.1'),
      'kube-proxy': version('v1.34.0-eksbuild.4').default('v1.34.0-eksbuild.4'),
      'aws-ebs-csi-driver': version('v1.53.0-eksbuild.1').default('v1.53.0-eksbuild.1'),
      'metrics-server': version('v0.8.0-eksbuild.3').default('v0.8.0-eksbuild.3'),
    })
    .prefault({}),
  /** Roles that may do everything in the cluster: the deployer's and the on-call engineers'. Required. */
  administrators: z.array(roleArn).min(1, 'at least one role'),
  nodes: z
    .strictObject({
      /** First choice first. Default m7i.xlarge, m6i.xlarge. */
      instanceTypes: z.array(z.string()).min(1).default(['m7i.xlarge', 'm6i.xlarge']),
      /** Nodes per zone, at least and at most. Default 1 and 6. */
      min: z.int().min(1).max(100).default(1),
      max: z.int().min(1).max(100).default(6),
      /** Disk of a node, gibibytes. Default 80. */
      diskGibibytes: z.int().min(20).max(1000).default(80),
    })
    .prefault({}),
});

const database = z.strictObject({
  /** PostgreSQL. Default 17.6. */
  engineVersion: version('17.6').default('17.6'),
  /** Default db.r7g.large. */
  instanceClass: z
    .string()
    .regex(/^db\.[\w.]+$/, 'a class such as "db.r7g.large"')
    .default('db.r7g.large'),
  /** Gibibytes at birth and at most; it grows by itself. Default 100 and 1000. */
  storageGibibytes: z.int().min(20).max(65_536).default(100),
  maxStorageGibibytes: z.int().min(20).max(65_536).default(1000),
  /** Days a point in time can be restored to. Default 14. */
  backupDays: z.int().min(7).max(35).default(14),
  /** A standby in another zone. Default true. */
  multiAz: z.boolean().default(true),
  /** A copy for reading, for services that ask for it (`database: {replica: true}`). Default true. */
  replica: z.boolean().default(true),
});

const cache = z.strictObject({
  /** Valkey. Default 8.0. */
  engineVersion: version('8.0').default('8.0'),
  /** Default cache.r7g.large. */
  nodeType: z
    .string()
    .regex(/^cache\.[\w.]+$/, 'a type such as "cache.r7g.large"')
    .default('cache.r7g.large'),
  /** The one that is written to and its copies. Default 2. */
  nodes: z.int().min(2).max(6).default(2),
});

const broker = z.strictObject({
  /** Kafka, where `messaging` is msk. Default 3.9.x. */
  kafkaVersion: version('3.9.x').default('3.9.x'),
  /** Default kafka.m7g.large. */
  instanceType: z
    .string()
    .regex(/^kafka\.[\w.]+$/, 'a type such as "kafka.m7g.large"')
    .default('kafka.m7g.large'),
  /** Default 1. */
  brokersPerZone: z.int().min(1).max(10).default(1),
  /** Volume of each broker, gibibytes. Default 100. */
  storageGibibytes: z.int().min(1).max(16_384).default(100),
});

const edge = z.strictObject({
  /** Public zone of Route 53 that holds the names of `gatewayHosts` and of the assets. Required. */
  zoneId: z.string().regex(/^Z[A-Z0-9]{6,31}$/, 'the id of a hosted zone'),
  /** Name the static files are served under. Required. */
  assetsHost: hostName,
  /** Requests one address may send in five minutes. Default 2000. */
  requestsPerFiveMinutes: z.int().min(10).max(2_000_000_000).default(2000),
  /** Shield Advanced, 3000 US dollars a month and account for a year. Shield Standard is there without it. Default false. */
  shieldAdvanced: z.boolean().default(false),
  /** Where the load balancer finds the gateway on every node: its HTTPS, and where it says that it is well. Defaults 30443 and 30021. */
  nodePort: z.int().min(30_000).max(32_767).default(30_443),
  healthNodePort: z.int().min(30_000).max(32_767).default(30_021),
});

const backups = z.strictObject({
  /** Days a daily backup is kept. Default 35. */
  dailyDays: z.int().min(7).max(3650).default(35),
  /** Days a monthly backup is kept. Default 365. */
  monthlyDays: z.int().min(30).max(3650).default(365),
});

const logs = z.strictObject({
  /** Days logs of servers can be searched. Default 90. */
  days: z
    .union(
      [30, 60, 90, 180, 365].map((days) => z.literal(days)),
      '30, 60, 90, 180 or 365',
    )
    .default(90),
  /** Days the audit trail is kept (a year by PCI DSS 10.5.1). Default 400. */
  auditDays: z.int().min(365).max(3653).default(400),
  /** Days nobody can delete what was written to it. Default 90. */
  auditLockDays: z.int().min(1).max(3653).default(90),
});

export const awsSettings = z.strictObject({
  /** Twelve digits. One account per environment: what watches over an account is there once. Required. */
  accountId: z.string('twelve digits, in quotes').regex(/^\d{12}$/, 'twelve digits, in quotes'),
  /** Default eu-central-1. */
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as "eu-central-1"')
    .default('eu-central-1'),
  /** Zones, in order; only ever add at the end. Default a, b and c of the region. */
  zones: z.array(zone).min(2, 'at least two zones').max(6, 'six zones at most').optional(),
  /** Who answers for it and who pays; on every resource. Required. */
  owner: z.string().regex(/^[\w-]{2,40}$/, 'a short name'),
  costCentre: z.string().regex(/^[\w-]{2,40}$/, 'a short name'),
  /** Who is told of findings and of money. Required. */
  contacts: z.strictObject({ security: emails, budget: emails }),
  /** False where an organisation watches over this account from another: GuardDuty, Security Hub and the like. Default true. */
  watch: z.boolean().default(true),
  /** US dollars a month. Required. */
  monthlyBudgetUsd: z.int().min(1).max(10_000_000),
  network: network.prefault({}),
  cluster,
  database: database.prefault({}),
  cache: cache.prefault({}),
  broker: broker.prefault({}),
  edge,
  backups: backups.prefault({}),
  logs: logs.prefault({}),
});

export type AwsSettings = z.infer<typeof awsSettings>;

/** Names of the zones. */
export const zonesOf = ({ region, zones }: Pick<AwsSettings, 'region' | 'zones'>): string[] =>
  zones ?? ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
