import { randomUUID } from 'node:crypto';
import { createPool, type Pool } from '@platform/libs/postgres';
import {
  startOpenSearch,
  startPostgres,
  type TestOpenSearch,
  type TestPostgres,
} from '@platform/libs/testing';
import { compare, rebuild } from './application/index-upkeep';
import { conformsToSearchIndex } from './application/search-conformance';
import { IndexUnavailable } from './application/search-index';
import { memorySource } from './product.fixtures';
import { createOpenSearchIndex } from './storage/open-search-index';

jest.setTimeout(180_000);

let server: TestOpenSearch;
let postgres: TestPostgres;
let pool: Pool;
beforeAll(async () => {
  [server, postgres] = await Promise.all([startOpenSearch(), startPostgres()]);
  pool = createPool({ url: postgres.url });
});
afterAll(async () => {
  await pool?.end();
  await Promise.all([server?.stop(), postgres?.stop()]);
});

const open = (more = {}) =>
  createOpenSearchIndex({
    ...{ url: server.url, pool, prefix: `p-${randomUUID()}`, refresh: true, graceMs: 10 },
    ...more,
  });
const kettle = (n: number, name = 'Copper Kettle') => ({
  ...{ id: `prd-${n}`, version: 1, name, description: 'It boils.', category: 'kitchen' },
});

describe('the index in OpenSearch', () => {
  conformsToSearchIndex(async () => open());

  it('finds names that are spelt nearly so, below those that match', async () => {
    const index = open();
    await rebuild(memorySource(kettle(1), kettle(2, 'Copper Kettel'), kettle(3, 'Oak Chair')), index);
    const hits = await index.search({ search: 'kettle', limit: 10 });
    expect(hits.map(({ id }) => id)).toEqual(['prd-1', 'prd-2']);
  });

  it('is filled, compared and repaired like any other', async () => {
    const source = memorySource(...Array.from({ length: 1500 }, (_, n) => kettle(n)));
    const index = open();
    expect(await rebuild(source, index)).toMatchObject({ products: 1500, caughtUp: 0 });
    source.documentsById.set('prd-7', { ...kettle(7), version: 2 });
    source.documentsById.delete('prd-8');
    const found = { stale: ['prd-7'], orphaned: [{ id: 'prd-8', version: 1 }], missing: [] };
    expect(await compare(source, index, { settleMs: 1 })).toMatchObject(found);
    expect(await compare(source, index, { settleMs: 1, repair: true })).toMatchObject({
      repaired: 2,
      stale: [],
    });
  });

  it('fails no search while it is replaced again and again', async () => {
    const source = memorySource(...Array.from({ length: 50 }, (_, n) => kettle(n)));
    const index = open({ graceMs: 500 });
    await rebuild(source, index);
    let [over, searches] = [false, 0];
    const searching = (async () => {
      for (; !over; searches++) expect(await index.search({ search: 'kettle', limit: 60 })).toHaveLength(50);
    })();
    for (let round = 0; round < 3; round++) await rebuild(source, index);
    over = true;
    await searching;
    expect(searches).toBeGreaterThan(10);
  });

  it('that is away is nothing to search in, so that the catalogue is asked', async () => {
    const away = open({ url: 'http://127.0.0.1:1' });
    await expect(away.search({ search: 'kettle', limit: 10 })).rejects.toThrow(IndexUnavailable);
  });
});
