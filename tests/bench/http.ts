import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseInside, insidePod } from './inside';
import { median, type Row } from './row';

const rounds = 3;
const seconds = 6;
const connections = 16;
const barePort = 39_001;

interface Load {
  requests: { average: number };
  latency: { p97_5: number; p95?: number; p99: number };
  non2xx: number;
  errors: number;
}

const load = (prefix: readonly string[], url: string, more: string[] = []): Load => {
  const [command, ...args] = [
    ...prefix,
    process.execPath,
    require.resolve('autocannon'),
    '-j',
    '-d',
    String(seconds),
    '-c',
    String(connections),
    ...more,
    url,
  ];
  const result: Load = JSON.parse(
    execFileSync(command as string, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} replies other than 2xx, ${result.errors} errors`);
  return result;
};

const startBare = async (profile: string, atDatabase: string[]): Promise<ChildProcess> => {
  const [nsenter, ...net] = atDatabase as [string, ...string[]];
  const bare = spawn(
    nsenter,
    [...net, process.execPath, '--require', 'tsx/cjs', join(__dirname, 'bare-server.ts')],
    {
      env: {
        ...process.env,
        DATABASE_URL: databaseInside(profile),
        PORT: String(barePort),
        NODE_ENV: 'production',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  await sleep(3_000);
  return bare;
};

/** Product list and product by id: the bare server, the service itself, and the service through the front door, in turns. */
export const httpRows = async (profile: string, frontDoor: string): Promise<Row[]> => {
  const atDatabase = insidePod(profile, 'app=postgres');
  const atService = insidePod(profile, 'app=product-service,colour=blue');
  const bare = await startBare(profile, atDatabase);
  const rows: Row[] = [];
  try {
    for (const [name, path] of [
      ['product list', '/v1/products?limit=20'],
      ['product by id', '/v1/products/prd-00042'],
    ] as const) {
      const samples = { bare: [] as number[], service: [] as number[], frontDoor: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        samples.bare.push(load(atDatabase, `http://127.0.0.1:${barePort}${path}`).requests.average);
        samples.service.push(load(atService, `http://127.0.0.1:3001${path}`).requests.average);
        samples.frontDoor.push(load([], frontDoor + path).requests.average);
      }
      const baseline = median(samples.bare);
      rows.push(
        {
          name: `${name}, service itself`,
          measured: median(samples.service),
          unit: 'req/s',
          baseline,
          target: '≥ 1.2 ×',
        },
        {
          name: `${name}, through the front door`,
          measured: median(samples.frontDoor),
          unit: 'req/s',
          baseline,
          target: '≥ 0.6 ×',
        },
      );
    }
  } finally {
    bare.kill();
  }
  const steady = load([], `${frontDoor}/v1/products?limit=20`, ['-R', '1000']);
  rows.push({
    name: 'product list at 1,000 req/s, p97.5',
    measured: steady.latency.p97_5,
    unit: 'ms',
    target: 'p95 < 100 ms',
  });
  return rows;
};
