// What a search costs over 100,000 products at 100 requests a second: through the service's own HTTP, in this process, on a server of its own.
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { createApp, createCachedCatalogue } from '../../services/product/app';
import { createEditing } from '../../services/product/application/editing';
import { rebuild } from '../../services/product/application/index-upkeep';
import { migrations } from '../../services/product/storage/migrations';
import { createProductSource } from '../../services/product/storage/product-source';
import { createProductStore } from '../../services/product/storage/product-store';
import { createPostgresIndex } from '../../services/product/storage/search-index';
import { seedProducts } from '../../services/product/storage/seed';
import type { Row } from './row';

const products = 100_000;
const perSecond = 100;
const seconds = 20;
/** Requests that wait at most: beyond them the service is not keeping up, and the figure would be of the queue. */
const waiting = 200;

const styles = ['classic', 'compact', 'nordic', 'folding', 'vintage', 'quiet', 'sturdy', 'handmade'];
const materials = ['oak', 'steel', 'copper', 'linen', 'bamboo', 'glass', 'wool', 'cork', 'ceramic'];
const things = ['kettle', 'tent', 'radio', 'towel', 'football', 'puzzle', 'planter', 'notebook', 'mirror'];
const slips = ['ketle', 'notebok', 'footbal', 'miror', 'coper'];
const categories = ['kitchen', 'garden', 'office', 'outdoor', 'audio', 'toys', 'bath', 'sport'];

/** The nth search: words that few products have and such as all have, slips of the pen, categories. No two follow each other. */
const searchOf = (n: number): string => {
  const of = (list: string[], step: number) => list[Math.floor(n / step) % list.length] as string;
  const words = [
    `${of(materials, 1)} ${of(things, 3)}`,
    of(things, 5),
    `${of(styles, 1)} ${of(materials, 7)} ${of(things, 2)}`,
    of(materials, 2),
    of(slips, 4),
    `${of(categories, 3)} range`,
  ][n % 6] as string;
  const category = n % 4 === 0 ? `&category=${of(categories, 4)}` : '';
  return `/v1/products?limit=${10 + (n % 90)}&q=${encodeURIComponent(words)}${category}`;
};

const at = (sorted: number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

/** Milliseconds of each answer. Asked on time, whether the one before was answered or not. */
async function load(address: string, forSeconds: number, first: number): Promise<number[]> {
  const took: number[] = [];
  const open = new Set<Promise<void>>();
  const began = performance.now();
  for (let n = 0; n < forSeconds * perSecond; n++) {
    await sleep(Math.max(0, began + (n * 1000) / perSecond - performance.now()));
    if (open.size >= waiting) throw new Error(`${open.size} searches wait: 100 a second are too many here`);
    const asked = performance.now();
    const asking: Promise<void> = fetch(`${address}${searchOf(first + n)}`).then(async (response) => {
      await response.arrayBuffer();
      open.delete(asking);
      if (!response.ok) throw new Error(`a search was answered with ${response.status}`);
      took.push(performance.now() - asked);
    });
    open.add(asking);
  }
  await Promise.all(open);
  return took.sort((a, b) => a - b);
}

export async function searchRows(): Promise<Row[]> {
  const postgres = await startPostgres();
  const pool = createPool({ url: postgres.url });
  const logger = createLogger('bench', { level: 'warn' });
  try {
    await runMigrations({ pool, migrations, lockId: 1 }, () => seedProducts(pool, products));
    const index = createPostgresIndex({ pool, graceMs: 0 });
    const began = performance.now();
    await rebuild(createProductSource(pool), index);
    const rebuilt = (performance.now() - began) / 1000;
    const measured = async (searched?: typeof index) => {
      // Hardly anything comes from the cache: it is the search that is measured.
      const catalogue = createCachedCatalogue({ reads: pool, index: searched, ttlMs: 1 });
      const app = createApp({
        ...{ pool, catalogue, logger, version: 'v1', checkBroker: async () => undefined },
        editing: createEditing(createProductStore(pool), () => ''),
        authenticator: () => Promise.reject(new Error('nobody is let in')),
      });
      const server = app.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await load(address, 3, 0);
      const took = await load(address, seconds, 1000);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      return took;
    };
    // What the loading left to be done would be done in the middle of the first measurement.
    await pool.query('vacuum (analyze)');
    await pool.query('checkpoint');
    const took = await measured(index);
    const without = await measured();
    const target = '< 50 ms';
    return [
      {
        name: 'search over 100,000 products: p95 at 100 req/s',
        ...{ measured: at(took, 0.95), unit: 'ms', target },
      },
      { name: 'the same, p50', measured: at(took, 0.5), unit: 'ms' },
      { name: 'the same without an index: p95', measured: at(without, 0.95), unit: 'ms', target },
      { name: 'rebuild of its index', measured: rebuilt, unit: 's' },
    ];
  } finally {
    await pool.end();
    await postgres.stop();
  }
}
