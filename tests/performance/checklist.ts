// The performance checklist of requirement R13 as data: what is configured, what tests it, what measures it, and what is still open.

export type Evidence =
  /** a file of this repository says so, by a text that stands in it */
  | { by: 'configured'; file: string; text: string; covers: string }
  /** a test of this repository, by the title it has there */
  | { by: 'tested'; file: string; title: string; covers: string }
  /** a row of `npm run bench`, by the file that makes it and (part of) its name */
  | { by: 'measured'; file: string; row: string; covers: string }
  /** not there; the issue that brings it, where one does */
  | { by: 'open'; issue?: number; covers: string };

export interface ChecklistItem {
  id: string;
  title: string;
  evidence: Evidence[];
}

const configured = (file: string, text: string, covers: string): Evidence => ({
  by: 'configured',
  ...{ file, text, covers },
});
const tested = (file: string, title: string, covers: string): Evidence => ({
  by: 'tested',
  ...{ file, title, covers },
});
const measured = (file: string, row: string, covers: string): Evidence => ({
  by: 'measured',
  ...{ file, row, covers },
});
const open = (covers: string, issue?: number): Evidence => ({ by: 'open', covers, ...(issue && { issue }) });

const stack = 'tests/stack/performance.stack.test.ts';
const figures = 'tests/stack/figures.stack.test.ts';
const reads = 'services/product/reads.adapter.test.ts';
const inbox = 'libs/messaging/inbox.adapter.test.ts';
const compression = 'infra/components/gateway/compression.adapter.test.ts';
const readCache = 'services/product/application/read-cache.test.ts';
const product = 'services/product/product.adapter.test.ts';
const app = 'libs/http/app.test.ts';
const bench = 'tests/bench/http.ts';
const mesh = 'tests/mesh/mesh.cluster.test.ts';

export const checklist: ChecklistItem[] = [
  {
    id: 'database/query-plans',
    title: 'Indexes and query plans',
    evidence: [
      tested(
        'services/product/plans.adapter.test.ts',
        'browsing and searching read what they show, not the catalogue',
        'plans as they really were, over 20,000 products',
      ),
      tested(
        'services/order/plans.adapter.test.ts',
        'placing, changing and showing orders read those orders',
        'the same of orders',
      ),
      tested(
        'services/payment/plans.adapter.test.ts',
        'starting, charging and showing payments read those payments',
        'the same of payments',
      ),
      tested(
        'services/user/plans.adapter.test.ts',
        'logging in, refreshing and logging out read one account and its sessions',
        'the same of accounts and sessions',
      ),
      tested(
        'libs/messaging/messaging.adapter.test.ts',
        'relays and remembers without looking through what waits or what was',
        'the same of outbox and inbox',
      ),
      configured(
        'infra/components/postgres-settings.ts',
        "'auto_explain.log_min_duration': 1000",
        'plans of statements that take over a second are logged',
      ),
    ],
  },
  {
    id: 'database/pooling',
    title: 'Connection pooling',
    evidence: [
      tested(
        'infra/stacks/data-access.test.ts',
        'are enough for every pod there may be, both colours of a release, and whoever looks after it',
        'connections are shared out among pods',
      ),
      tested(
        stack,
        'the database has a connection for every one that its clients may open',
        'in every environment',
      ),
      measured(
        'tests/bench/pool.ts',
        'pool of 5, against a connection per request',
        'what a pool brings, and which size is enough',
      ),
    ],
  },
  {
    id: 'database/read-replicas',
    title: 'Read replicas',
    evidence: [
      configured(
        'infra/catalog/product.yaml',
        'production: { database: { replica: true } }',
        'lists, searches and single products are read from the copy',
      ),
      tested(
        reads,
        'is where lists, searches and single products are read, and it is the copy that answers',
        'on a server that follows another',
      ),
      tested(
        reads,
        'that goes away is left alone for five seconds at a time, and taken back when it answers',
        'the database itself stands in',
      ),
      tested(
        stack,
        'products are read from the copy of the database, by its own address, and nothing else is',
        'the copy of RDS; rendered, never deployed',
      ),
    ],
  },
  {
    id: 'database/partitioning',
    title: 'Partitioning of large tables',
    evidence: [
      tested(
        inbox,
        'forgets by dropping whole months: no row is deleted, and what is younger stays',
        'the inbox, which is pruned by age',
      ),
      tested(
        inbox,
        'is taken over by months while consumers of the version before go on writing',
        'the change is made while it is used',
      ),
      tested(inbox, 'asked about one month, reads that month only', 'other months are left out of the plan'),
      configured(
        'docs/adr/0015-performance.md',
        'The events are not partitioned',
        'why the other large table is not: measured, it would cost',
      ),
    ],
  },
  {
    id: 'database/vacuum',
    title: 'VACUUM and ANALYZE',
    evidence: [
      tested(
        'infra/stacks/data.adapter.test.ts',
        'PostgreSQL takes every setting, in the unit it was meant in',
        'settings of the server, on a real one',
      ),
      tested(
        'tests/stack/aws.stack.test.ts',
        'vacuum, analyze and statement statistics are set',
        'the same on RDS; rendered, never deployed',
      ),
      tested(
        inbox,
        'the outbox is vacuumed as a queue, however much waits in it',
        'settings of a table that is a queue',
      ),
      tested(
        'services/order/plans.adapter.test.ts',
        'the events table is vacuumed, frozen and counted in small steps',
        'settings of a table that only grows',
      ),
      tested(
        'services/product/plans.adapter.test.ts',
        'a change of stock stays on its page and touches no index',
        'settings of a table that changes in place',
      ),
    ],
  },
  {
    id: 'caching/levels',
    title: 'Several levels',
    evidence: [
      tested(
        readCache,
        'asks the shared cache first, and does without it when it fails',
        'in the process, then Redis, then the database',
      ),
      tested(product, 'keeps answering while the shared cache is away', 'on a real Redis that stops'),
    ],
  },
  {
    id: 'caching/warming',
    title: 'Warming on deploy',
    evidence: [
      tested(
        reads,
        'puts the first pages into the shared cache, where other instances find them without the database',
        'on a real Redis',
      ),
      tested(
        reads,
        'has them at hand whenever the first customer comes, though nothing cached lives that long',
        'until customers come',
      ),
    ],
  },
  {
    id: 'caching/invalidation',
    title: 'Invalidation',
    evidence: [
      tested(
        product,
        'shows a change of stock within two seconds, also to an instance that had it cached',
        'by age: nothing is kept for longer than a second at each level',
      ),
      tested('services/product/catalogue.adapter.test.ts', 'changes reach searches and lists', 'by change'),
    ],
  },
  {
    id: 'caching/cdn',
    title: 'CDN for static assets',
    evidence: [
      configured('infra/components/aws/assets.ts', 'compress: true', 'CloudFront before a bucket'),
      tested(
        stack,
        'static files are kept near customers, compressed, and fetched by path alone',
        'rendered, never deployed',
      ),
      open('the shop has no static files of its own yet: nothing is served from there'),
    ],
  },
  {
    id: 'caching/query-results',
    title: 'Query-result cache',
    evidence: [
      tested(
        readCache,
        'loads once for many callers at the same time, and again when it is too old',
        'answers are kept as the text they are sent as',
      ),
      measured(bench, 'service itself', 'against a server that asks the database each time'),
    ],
  },
  {
    id: 'application/profiling',
    title: 'Profiling',
    evidence: [
      configured(
        'infra/components/postgres-settings.ts',
        "shared_preload_libraries: 'pg_stat_statements,auto_explain'",
        'of statements: which cost most',
      ),
      tested('infra/stacks/data.adapter.test.ts', 'it counts what statements cost', 'on a real server'),
      tested(app, 'measures requests by route', 'of requests: how long each route takes'),
      open('a CPU and a heap profile of a running pod by one command'),
    ],
  },
  {
    id: 'application/lazy-loading',
    title: 'Lazy loading of large sets',
    evidence: [
      tested(
        product,
        'pages through %s: every product once, none left out',
        'products page by page, by cursor',
      ),
      tested(
        'services/order/order.adapter.test.ts',
        'lists my orders page by page, newest first',
        'orders page by page',
      ),
    ],
  },
  {
    id: 'application/asynchronous-work',
    title: 'Asynchronous heavy work',
    evidence: [
      tested(
        'services/order/checkout.adapter.test.ts',
        'confirms an order that is in stock and paid',
        'an order is answered at once, stock and payment follow over events',
      ),
      tested(
        'services/payment/payments.adapter.test.ts',
        'is carried to its end by the worker',
        'gateways are called by a worker, not while a customer waits',
      ),
      tested(
        'libs/resilience/http-client.test.ts',
        'lets a few work, some wait, and turns away the rest',
        'what is costly (password hashes) is done a few at a time',
      ),
    ],
  },
  {
    id: 'application/service-tuning',
    title: 'Service tuning',
    evidence: [
      tested(
        'services/product/storage/batcher.test.ts',
        'reads keys of one moment together, each key once',
        'one statement answers many requests',
      ),
      measured(bench, 'service itself', 'against the same in express and pg, in the same run'),
    ],
  },
  {
    id: 'application/memory',
    title: 'Memory',
    evidence: [
      tested(
        readCache,
        'holds no more than it may, and forgets what was not asked for longest',
        'caches in the process are bounded',
      ),
      configured('infra/stacks/data.ts', 'maxmemory-policy allkeys-lru', 'so is Redis'),
      measured('tests/bench/platform.ts', 'memory of everything', 'all pods and the cluster itself'),
      open('a heap that grows from day to day would only be noticed when the limit ends the pod'),
    ],
  },
  {
    id: 'infrastructure/autoscaling',
    title: 'Autoscaling',
    evidence: [
      tested(figures, 'scales from 3 to 20 at 70 % CPU and 80 % memory', 'the figures of R6'),
      tested(
        stack,
        'every service scales with its load, and is asked whether it is well before it gets any',
        'in every environment',
      ),
    ],
  },
  {
    id: 'infrastructure/health-checks',
    title: 'Load-balancer health checks',
    evidence: [
      tested(
        stack,
        'the load balancer asks every node whether its gateway is well, and sends it nothing otherwise',
        'before the gateway; rendered, never deployed',
      ),
      tested(
        mesh,
        'a pod that fails five times in a row is left out, and comes back when its time is over',
        'behind the gateway, measured',
      ),
      tested(
        app,
        'is ready only with everything it needs, says what is missing, and not while it leaves',
        'what a service says of itself',
      ),
    ],
  },
  {
    id: 'infrastructure/requests-and-limits',
    title: 'Requests and limits',
    evidence: [
      tested(figures, 'asks for 200m and 256Mi, and gets 500m and 512Mi at most', 'the figures of R6'),
      tested(
        stack,
        'every container asks for what it needs and is held to what it may have',
        'every container of every environment',
      ),
      configured(
        'policies/rules/resources.ts',
        "name: 'requests-and-limits'",
        'a rule refuses anything else',
      ),
    ],
  },
  {
    id: 'infrastructure/network',
    title: 'Network',
    evidence: [
      tested(figures, 'is called with the limits of R7', 'connections between services are kept and bounded'),
      tested(
        mesh,
        'a service takes a hundred connections and fifty who wait, and turns the rest away at once',
        'measured through sidecars',
      ),
      measured(bench, 'through the front door', 'what gateway and mesh cost'),
    ],
  },
  {
    id: 'infrastructure/compression',
    title: 'Compression',
    evidence: [
      tested(compression, '%s (%s): %s', 'by an Envoy of the version the gateway is made of'),
      tested(stack, 'answers are compressed at the front door', 'Istio’s gateway, and Kong’s nginx'),
      tested(
        'tests/gateway/gateway.cluster.test.ts',
        'describe.each(aspects)',
        'through the front door: aspect compression of tests/gateway/behaviour.ts',
      ),
    ],
  },
];
