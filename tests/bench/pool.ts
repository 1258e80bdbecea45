// What it is worth to keep connections to PostgreSQL open, and how many. On a server of its own, so no cluster is needed.
import { createPool, runMigrations } from '@platform/libs/postgres';
import { startPostgres } from '@platform/libs/testing';
import { Client } from 'pg';
import { migrations } from '../../services/product/storage/migrations';
import { seedProducts } from '../../services/product/storage/seed';
import { median, type Row } from './row';

const rounds = 3;
const seconds = 2;
/** Requests at a time, as of a busy pod. */
const parallel = 16;

const statement = { name: 'by-id', text: 'select * from products where id = $1', values: ['prd-00042'] };

/** Times a second that `ask` was answered. */
const rate = async (ask: () => Promise<unknown>): Promise<number> => {
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  const caller = async () => {
    for (; performance.now() < until; answered++) await ask();
  };
  await Promise.all(Array.from({ length: parallel }, caller));
  return answered / seconds;
};

/** A pool of the size a pod gets in production against a connection per request, and against pools of other sizes. */
export async function poolRows(): Promise<Row[]> {
  const server = await startPostgres();
  const pools = Object.fromEntries([2, 5, 10, 40].map((max) => [max, createPool({ url: server.url, max })]));
  try {
    await runMigrations({ pool: pools[40]!, migrations, lockId: 1 }, () => seedProducts(pools[40]!, 1000));
    const rates = new Map<string, number[]>();
    const note = async (name: string, ask: () => Promise<unknown>) =>
      rates.set(name, [...(rates.get(name) ?? []), await rate(ask)]);
    for (let round = 0; round < rounds; round++) {
      for (const [max, pool] of Object.entries(pools)) await note(max, () => pool.query(statement));
      await note('per request', async () => {
        const client = new Client({ connectionString: server.url });
        await client.connect();
        await client.query(statement);
        await client.end();
      });
    }
    const figure = (name: string) => median(rates.get(name) ?? []);
    return [
      {
        name: 'pool of 5, against a connection per request',
        ...{ measured: figure('5'), unit: 'statements/s', baseline: figure('per request') },
      },
      ...[2, 5, 10].map((max) => ({
        name: `pool of ${max}, against one of 40`,
        ...{ measured: figure(String(max)), unit: 'statements/s', baseline: figure('40') },
      })),
    ];
  } finally {
    await Promise.all(Object.values(pools).map((pool) => pool.end()));
    await server.stop();
  }
}
