import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '@platform/local/progress';
import { ensureTools, isBuilt, toolGroups } from '@platform/local/toolchain';
import { complaintsOf } from './complaints';
import { bringUp, deleteProfile } from './platform';
import { describeError } from './report';
import { projectDir } from './target';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** In the order in which a failure is cheapest to learn of. */
export const suiteNames = ['static', 'unit', 'stack', 'adapter', 'cluster'] as const;
export type SuiteName = (typeof suiteNames)[number];

/** The embedded cluster of the tests: never the one a person works with. */
export const testProfile = 'test';

const nothing: Counts = { passed: 0, failed: 0, skipped: 0 };
export const add = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** The counts of one jest run. A file that could not even be loaded counts as one failed test. */
export const countsOfJest = (result: {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
}): Counts => ({
  passed: result.numPassedTests,
  failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
  skipped: result.numPendingTests + result.numTodoTests,
});

const execute = (args: string[], env: NodeJS.ProcessEnv = process.env, program: string = process.execPath) =>
  new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: projectDir,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });

const runJest = async (
  project: string,
  pattern: string | undefined,
  env: NodeJS.ProcessEnv,
  inBand: boolean,
): Promise<Counts> => {
  const directory = mkdtempSync(join(tmpdir(), 'platform-test-'));
  const outputFile = join(directory, 'result.json');
  try {
    const code = await execute(
      [
        require.resolve('jest/bin/jest'),
        '--selectProjects',
        project,
        '--json',
        `--outputFile=${outputFile}`,
        ...(inBand ? ['--runInBand'] : ['--maxWorkers=2']),
        ...(pattern ? ['--passWithNoTests', pattern] : []),
      ],
      env,
    );
    if (!existsSync(outputFile)) return { ...nothing, failed: 1 };
    const counts = countsOfJest(JSON.parse(readFileSync(outputFile, 'utf8')));
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

const checks: [title: string, args: () => string[]][] = [
  ['types (tsc)', () => [require.resolve('typescript/bin/tsc'), '--noEmit']],
  ['style and lint (biome)', () => [require.resolve('@biomejs/biome/bin/biome'), 'check', '.']],
  ['unused code (knip)', () => [join(projectDir, 'node_modules', 'knip', 'bin', 'knip.js')]],
];

/** actionlint would run whatever linters of shell and Python a machine happens to have: its verdict shall not depend on that. */
const lintWorkflows = async (progress: Progress): Promise<number> => {
  const { actionlint } = await ensureTools(['actionlint'], progress);
  return execute(['-shellcheck=', '-pyflakes='], process.env, actionlint);
};

const staticChecks = async (progress: Progress): Promise<Counts> => {
  let counts = nothing;
  const count = (title: string, code: number) => {
    if (code !== 0) progress.note(`✗ ${title} found something, see above`);
    counts = add(counts, { ...nothing, [code === 0 ? 'passed' : 'failed']: 1 });
  };
  for (const [title, args] of checks) count(title, await progress.step(title, () => execute(args())));
  count('workflows (actionlint)', await lintWorkflows(progress));
  return counts;
};

/** Where the servers are that the adapter tests start, so that the libraries need not know the toolchain. */
const serverEnvironment = (tools: Record<string, string | undefined>): NodeJS.ProcessEnv => ({
  ...process.env,
  ECP_POSTGRES_BIN: tools.postgres,
  ECP_REDIS_SERVER: tools.redis,
  ECP_KAFKA_HOME: tools.kafka,
  ECP_OPENSEARCH_HOME: tools.opensearch,
  ECP_STRIPE_MOCK: tools['stripe-mock'],
  ECP_CONSUL: tools.consul,
  ECP_ENVOY: tools.envoy,
});

/** Consul takes longer to build than all its tests are worth waiting for: where it is missing they are skipped, and counted. */
const testServers = () => [...toolGroups.servers, ...(isBuilt('consul') ? ['consul' as const] : [])];

/** The environment in which libs/testing finds its servers. */
export const testServerEnvironment = async (progress: Progress): Promise<NodeJS.ProcessEnv> =>
  serverEnvironment(await ensureTools(testServers(), progress));

const clusterTests = async (progress: Progress, pattern?: string): Promise<Counts> => {
  const options = { stack: 'local', profile: testProfile, engine: 'embedded' as const };
  // What a run that was killed has left would be one more thing a test depends on.
  await deleteProfile(testProfile);
  try {
    // A newcomer's first `up` adds these once the shop is open. Here they would appear in the middle of a test.
    await ensureTools(toolGroups.late, progress);
    const { address, exitCode } = await bringUp(options, {}, progress, 18_080);
    if (exitCode !== 0 || !address) return { ...nothing, failed: 1 };
    const env = { ...process.env, ECP_FRONT_DOOR: address, ECP_PROFILE: testProfile };
    const counts = await runJest('cluster', pattern, env, true);
    // The cluster goes, and with it everything that could be asked why.
    if (counts.failed > 0) {
      const told = await complaintsOf(options, progress).catch((error: unknown) => [describeError(error)]);
      progress.note(told.join('\n'));
    }
    return counts;
  } finally {
    await deleteProfile(testProfile);
  }
};

const suites: Record<SuiteName, (progress: Progress, pattern?: string) => Promise<Counts>> = {
  static: staticChecks,
  unit: (_progress, pattern) => runJest('unit', pattern, process.env, false),
  stack: async (progress, pattern) => {
    const { 'gateway-api-crds': gatewayApi } = await ensureTools(['gateway-api-crds'], progress);
    return runJest('stack', pattern, { ...process.env, ECP_GATEWAY_API: gatewayApi }, false);
  },
  adapter: async (progress, pattern) =>
    runJest('adapter', pattern, await testServerEnvironment(progress), false),
  cluster: clusterTests,
};

/** Runs the suites one after the other; one that cannot run counts as failed and the others go on. */
export const runSuites = async (
  names: SuiteName[],
  progress: Progress,
  pattern?: string,
): Promise<Counts> => {
  let total = nothing;
  for (const name of names) {
    progress.note(`\n== ${name}`);
    const counts = await suites[name](progress, pattern).catch((error: unknown) => {
      progress.note(describeError(error));
      return { ...nothing, failed: 1 };
    });
    progress.note(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    total = add(total, counts);
  }
  return total;
};

/** The tests that know nothing but a shop's address, against a shop that runs elsewhere. It has to take test cards. */
export const testShop = (address: string): Promise<Counts> =>
  runJest(
    'cluster',
    'tests/journey/purchase',
    { ...process.env, ECP_FRONT_DOOR: address.replace(/\/$/, '') },
    true,
  );
