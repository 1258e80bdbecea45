import { execFileSync } from 'node:child_process';
import type { Row } from './row';

const { BENCH_PLATFORM_NODE = process.execPath } = process.env;

const platform = (...args: string[]) =>
  execFileSync(BENCH_PLATFORM_NODE, ['cli/bin/platform.mjs', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

const seconds = (run: () => void): number => {
  const started = Date.now();
  run();
  return (Date.now() - started) / 1000;
};

/** Of three runs: another process of the machine can spoil one. */
const medianSeconds = (run: () => void): number =>
  [seconds(run), seconds(run), seconds(run)].sort((a, b) => a - b)[1]!;

interface Status {
  components: { memoryBytes?: number }[];
}

/** Bytes: the cluster's own processes, and the working sets of all pods. */
const memoryOfEverything = (at: string[]): number => {
  const status: Status = JSON.parse(platform('cluster', 'status', ...at, '--json'));
  const pods = platform('kubectl', ...at, '--', 'top', 'pods', '-A', '--no-headers').matchAll(
    /(\d+)Mi\s*$/gm,
  );
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return (
    sum(status.components.map(({ memoryBytes = 0 }) => memoryBytes)) +
    sum([...pods].map(([, mebibytes]) => Number(mebibytes) * 2 ** 20))
  );
};

/** Time and memory of the platform's own commands. Stops and starts the cluster once. */
export const platformRows = (profile: string, frontDoor: string): Row[] => {
  const at = ['--profile', profile];
  const purchase = () => void platform('purchase', '--address', frontDoor);
  const preview = medianSeconds(() => platform('preview', ...at));
  const noop = medianSeconds(() => platform('up', ...at, '--expect-no-changes'));
  const bought = seconds(purchase);
  const memory = memoryOfEverything(at);
  platform('cluster', 'stop', ...at);
  const warm = seconds(() => {
    platform('up', ...at);
    purchase();
  });
  return [
    { name: 'preview of the local stack', measured: preview, unit: 's', target: '< 5 s' },
    { name: 'up without changes', measured: noop, unit: 's', target: '< 10 s' },
    { name: 'a purchase, registered to confirmed', measured: bought, unit: 's' },
    { name: 'up from a stopped cluster to a purchase', measured: warm, unit: 's', target: '< 90 s' },
    { name: 'memory of everything', measured: memory / 2 ** 30, unit: 'GiB', target: '< 5 GiB' },
  ];
};
