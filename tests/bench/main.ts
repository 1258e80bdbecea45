import { execFileSync } from 'node:child_process';
import { checkoutRows } from './checkouts';
import { httpRows } from './http';
import { messagingRows } from './messaging';
import { platformRows } from './platform';
import { policyRows } from './policies';
import { poolRows } from './pool';
import { type Row, render } from './row';
import { searchRows } from './search';

const { BENCH_PROFILE = 'default', BENCH_ONLY = '', BENCH_JSON = '' } = process.env;

const frontDoorOf = (profile: string): string => {
  try {
    const args = ['cli/bin/platform.mjs', 'cluster', 'status', '--profile', profile, '--json'];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })).frontDoor;
  } catch {
    process.stderr.write(`error: cluster ${profile} is not running\n  → npm run up, then npm run bench\n`);
    process.exit(1);
  }
};

const withoutCluster = ['policies', 'pool', 'messaging', 'search'];

const main = async () => {
  const wanted = (group: string) => BENCH_ONLY === '' || BENCH_ONLY === group;
  const frontDoor = withoutCluster.includes(BENCH_ONLY) ? '' : frontDoorOf(BENCH_PROFILE);
  const rows: Row[] = [
    ...(wanted('http') ? await httpRows(BENCH_PROFILE, frontDoor) : []),
    ...(wanted('checkouts') ? await checkoutRows(BENCH_PROFILE, frontDoor) : []),
    ...(wanted('platform') ? platformRows(BENCH_PROFILE, frontDoor) : []),
    ...(wanted('policies') ? await policyRows() : []),
    ...(wanted('pool') ? await poolRows() : []),
    ...(wanted('messaging') ? await messagingRows() : []),
    ...(wanted('search') ? await searchRows() : []),
  ];
  process.stdout.write(BENCH_JSON ? `${JSON.stringify(rows, null, 2)}\n` : `${render(rows)}\n`);
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
