import type { ToolName } from '../toolchain';
import type { Source } from './sources';

/** One image as plain data. `archived: false` marks a base that only other images are built on. */
export interface ImageSpec {
  name: string;
  /** File in containerfiles/, without its ending. */
  containerfile: string;
  /** Another image of this list; without one the image starts empty. */
  base?: string;
  tools: ToolName[];
  files: Source[];
  archived?: boolean;
}

const people = (...names: [string, number][]): Source[] => [
  {
    text: [
      'root:x:0:0::/:',
      'nonroot:x:65534:65534::/tmp:',
      ...names.map(([n, id]) => `${n}:x:${id}:${id}::/tmp:`),
    ]
      .map((line) => `${line}/bin/sh\n`)
      .join(''),
    to: '/etc/passwd',
  },
  {
    text: ['root:x:0:', 'nonroot:x:65534:', ...names.map(([n, id]) => `${n}:x:${id}:`)]
      .join('\n')
      .concat('\n'),
    to: '/etc/group',
  },
  { text: 'hosts: files dns\n', to: '/etc/nsswitch.conf' },
  { folder: '/tmp', mode: 0o1777 },
];

const libraryFolder = process.arch === 'arm64' ? '/usr/lib/aarch64-linux-gnu' : '/usr/lib/x86_64-linux-gnu';

const certificates: Source = {
  host: '/etc/ssl/certs/ca-certificates.crt',
  package: 'ca-certificates',
};

/** What a start script or a Job needs, and no more. */
const shell: Source[] = [
  { host: '/bin/dash', to: '/bin/sh', package: 'dash' },
  ...['cat', 'mkdir', 'chmod', 'cp', 'mv', 'rm', 'ls', 'sleep', 'dirname', 'id', 'env', 'sort', 'date'].map(
    (name) => ({
      program: name,
      package: 'coreutils',
    }),
  ),
  { program: 'grep', package: 'grep' },
  { program: 'sed', package: 'sed' },
];

const postgresPrograms = [
  'postgres',
  'initdb',
  'pg_ctl',
  'psql',
  'pg_isready',
  'pg_dump',
  'pg_restore',
  'createdb',
  'createuser',
];

const bases: ImageSpec[] = [
  {
    name: 'node',
    containerfile: 'rootfs',
    tools: ['node'],
    files: [...people(), certificates, { tool: 'node', to: '/usr/local/bin/node' }],
    archived: false,
  },
  {
    name: 'base-static',
    containerfile: 'rootfs',
    tools: [],
    files: [...people(), certificates],
    archived: false,
  },
  {
    name: 'base-shell',
    containerfile: 'rootfs',
    tools: [],
    files: [...people(), ...shell, certificates],
    archived: false,
  },
  {
    name: 'base-postgres',
    containerfile: 'rootfs',
    tools: ['postgres'],
    files: [
      ...people(['postgres', 999]),
      ...shell,
      ...postgresPrograms.map(
        (name): Source => ({ tool: 'postgres', path: name, to: `/usr/lib/postgresql/15/bin/${name}` }),
      ),
      // initdb and pg_ctl look for their siblings in their own folder, so the programs live there and are linked from PATH.
      ...postgresPrograms.map(
        (name): Source => ({ link: `../lib/postgresql/15/bin/${name}`, to: `/usr/bin/${name}` }),
      ),
      { tool: 'postgres', path: '../lib', to: '/usr/lib/postgresql/15/lib', only: '\\.so$', not: '^llvmjit' },
      {
        tool: 'postgres',
        path: '../../../../share/postgresql/15',
        to: '/usr/share/postgresql/15',
        not: '^(man|contrib)/',
      },
      {
        host: '/usr/share/zoneinfo',
        not: '^(posix|right)/|\\.(tab|list|zi)$|^(leapseconds|leap-seconds)',
        package: 'tzdata',
      },
      { host: '/usr/lib/locale/C.utf8', package: 'libc-bin' },
      { folder: '/var/lib/postgresql/data', mode: 0o777 },
      { folder: '/var/run/postgresql', mode: 0o1777 },
    ],
    archived: false,
  },
  {
    name: 'base-redis',
    containerfile: 'rootfs',
    tools: ['redis'],
    files: [
      ...people(['redis', 999]),
      ...shell,
      { tool: 'redis', to: '/usr/local/bin/redis-server' },
      { program: 'redis-cli', to: '/usr/local/bin/redis-cli', package: 'redis-tools' },
      { folder: '/data', mode: 0o777 },
    ],
    archived: false,
  },
  {
    name: 'base-java',
    containerfile: 'rootfs',
    tools: [],
    files: [
      ...people(['kafka', 1000]),
      ...shell,
      certificates,
      { made: 'jre', to: '/opt/java' },
      { folder: '/var/lib/kafka/data', mode: 0o777 },
    ],
    archived: false,
  },
  {
    name: 'base-proxy',
    containerfile: 'rootfs',
    tools: [],
    files: [
      ...people(['istio-proxy', 1337]),
      certificates,
      { program: 'xtables-nft-multi', to: '/usr/sbin/xtables-nft-multi', package: 'iptables' },
      ...[
        'iptables',
        'iptables-save',
        'iptables-restore',
        'ip6tables',
        'ip6tables-save',
        'ip6tables-restore',
      ].map((name): Source => ({ link: 'xtables-nft-multi', to: `/usr/sbin/${name}` })),
      // iptables loads its extensions by name.
      { host: `${libraryFolder}/xtables`, package: 'iptables' },
      { folder: '/etc/istio/proxy', mode: 0o777 },
      { folder: '/var/lib/istio/data', mode: 0o777 },
    ],
    archived: false,
  },
];

/** Where images can be pulled, these take the place of the bases made here. The build's provenance records their digests. */
export const publicBases: Record<string, string> = {
  node: 'docker.io/library/node:24-bookworm-slim',
  'base-shell': 'docker.io/library/debian:bookworm-slim',
  'base-postgres': 'docker.io/library/postgres:15-bookworm',
  'base-redis': 'docker.io/library/redis:7-bookworm',
  'base-java': 'docker.io/library/eclipse-temurin:17-jre',
};

const binary = (name: string, tool: ToolName, base = 'base-static'): ImageSpec => ({
  name,
  containerfile: name,
  base,
  tools: [tool],
  files: [{ tool, to: `/usr/local/bin/${tool}` }],
});

/** Every image but those of the services, which are found by looking into services/. Ordered by who waits for them first. */
export const platformImages: ImageSpec[] = [
  ...bases,
  { name: 'pause', containerfile: 'pause', tools: [], files: [{ made: 'pause', to: '/pause' }] },
  binary('coredns', 'coredns'),
  binary('istio-pilot', 'pilot-discovery'),
  {
    name: 'istio-proxy',
    containerfile: 'istio-proxy',
    base: 'base-proxy',
    tools: ['pilot-agent', 'envoy', 'istio-bootstrap'],
    files: [
      { tool: 'pilot-agent', to: '/usr/local/bin/pilot-agent' },
      { tool: 'envoy', to: '/usr/local/bin/envoy' },
      { tool: 'istio-bootstrap', to: '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json' },
    ],
  },
  {
    name: 'postgres',
    containerfile: 'postgres',
    base: 'base-postgres',
    tools: [],
    files: [{ own: 'platform-postgres', to: '/usr/local/bin/platform-postgres', mode: 0o755 }],
  },
  { name: 'redis', containerfile: 'redis', base: 'base-redis', tools: [], files: [] },
  {
    name: 'kafka',
    containerfile: 'kafka',
    base: 'base-java',
    tools: ['kafka'],
    files: [
      { tool: 'kafka', path: 'libs', to: '/opt/kafka/libs', only: '\\.jar$' },
      { made: 'kafka-helpers', to: '/opt/kafka' },
      { own: 'kafka-start', to: '/opt/kafka/bin/start', mode: 0o755 },
      { own: 'kafka-topics', to: '/opt/kafka/bin/topics', mode: 0o755 },
      { own: 'kafka-archive', to: '/opt/kafka/bin/archive', mode: 0o755 },
    ],
  },
  binary('metrics-server', 'metrics-server'),
  binary('stripe-mock', 'stripe-mock'),
  // With a shell for the Job that makes its access rules.
  binary('consul', 'consul', 'base-shell'),
  {
    name: 'kafka-admin',
    containerfile: 'service',
    base: 'node',
    tools: [],
    files: [{ bundle: 'libs/kafka-admin/main.ts', to: '/app' }],
  },
  {
    name: 'payment-sandbox',
    containerfile: 'service',
    base: 'node',
    tools: [],
    files: [{ bundle: 'local/sandbox/main.ts', to: '/app' }],
  },
  {
    name: 'carriers-sandbox',
    containerfile: 'service',
    base: 'node',
    tools: [],
    files: [{ bundle: 'local/sandbox/carriers/main.ts', to: '/app' }],
  },
  {
    name: 'mail-sandbox',
    containerfile: 'service',
    base: 'node',
    tools: [],
    files: [{ bundle: 'local/sandbox/mail/main.ts', to: '/app' }],
  },
];

export const serviceImage = (service: string): ImageSpec => ({
  name: `${service}-service`,
  containerfile: 'service',
  base: 'node',
  tools: [],
  files: [{ bundle: `services/${service}/main.ts`, to: '/app' }],
});
