import { memoryIndex, memorySource } from '../product.fixtures';
import { compare, rebuild } from './index-upkeep';
import { createSearch } from './search';
import { conformsToSearchIndex } from './search-conformance';
import { IndexUnavailable, newestOf, type SearchChange, type SearchDocument } from './search-index';

const kettle = (n: number, version = 1): SearchDocument => ({
  ...{ id: `prd-${String(n).padStart(5, '0')}`, version, name: `Kettle ${n}` },
  ...{ description: 'A kettle.', category: 'kitchen' },
});
const kettles = (count: number) => Array.from({ length: count }, (_, n) => kettle(n));
const none = { missing: [], stale: [], orphaned: [] };
const soon = { settleMs: 1 };

describe('the index in memory, by which the upkeep is tested', () => {
  conformsToSearchIndex(async () => memoryIndex());
});

describe('a rebuild', () => {
  test('puts every product into a new index, however many there are', async () => {
    const [source, index] = [memorySource(...kettles(2500)), memoryIndex()];
    expect(await rebuild(source, index)).toMatchObject({ products: 2500, caughtUp: 0 });
    expect(await compare(source, index, soon)).toMatchObject({ products: 2500, ...none });
  });

  test('catches up on what changed while it was filled, deletions too', async () => {
    const [source, index] = [memorySource(...kettles(10)), memoryIndex()];
    const page = source.documents;
    source.documents = async (ids) => {
      const found = await page(ids);
      source.documents = page;
      source.documentsById.set('prd-00001', kettle(1, 2));
      source.documentsById.delete('prd-00002');
      source.documentsById.set('prd-00099', kettle(99));
      return found;
    };
    expect(await rebuild(source, index)).toMatchObject({ caughtUp: 3 });
    expect(await compare(source, index, soon)).toMatchObject({ products: 10, ...none });
  });

  test('that fails leaves the index that was searched, and says why', async () => {
    const [source, index] = [memorySource(...kettles(3)), memoryIndex()];
    const { index: first } = await rebuild(source, index);
    source.documents = async () => Promise.reject(new Error('no database'));
    await expect(rebuild(source, index)).rejects.toThrow('no database');
    expect((await index.live())?.name).toBe(first);
  });
});

describe('a comparison', () => {
  const planted = async () => {
    const [source, index] = [memorySource(...kettles(10)), memoryIndex()];
    await rebuild(source, index);
    source.documentsById.set('prd-00001', kettle(1, 2));
    source.documentsById.delete('prd-00002');
    source.documentsById.set('prd-00099', kettle(99));
    return { source, index };
  };
  const differences = {
    missing: ['prd-00099'],
    stale: ['prd-00001'],
    orphaned: [{ id: 'prd-00002', version: 1 }],
  };

  test('finds what is missing, old, or there no more', async () => {
    const { source, index } = await planted();
    expect(await compare(source, index, soon)).toMatchObject({ ...differences, repaired: 0 });
    expect(await compare(source, index, soon)).toMatchObject(differences);
  });

  test('repairs it, and finds nothing more to repair', async () => {
    const { source, index } = await planted();
    expect(await compare(source, index, { ...soon, repair: true })).toMatchObject({ ...none, repaired: 3 });
    expect(await compare(source, index, { ...soon, repair: true })).toMatchObject({ ...none, repaired: 0 });
  });

  test('does not call a change wrong that is on its way', async () => {
    const { source, index } = await planted();
    const compared = compare(source, index, { settleMs: 50 });
    await index.apply([kettle(1, 2), kettle(99), { id: 'prd-00002', version: 2, deleted: true }]);
    expect(await compared).toMatchObject(none);
  });

  test('without an index finds everything missing, and repairs nothing', async () => {
    const compared = await compare(memorySource(...kettles(2)), memoryIndex(), { ...soon, repair: true });
    expect(compared).toMatchObject({ index: null, missing: ['prd-00000', 'prd-00001'], repaired: 0 });
  });
});

test('of several changes to a product the newest counts', () => {
  const gone: SearchChange = { id: 'prd-00001', version: 3, deleted: true };
  expect(newestOf([kettle(2), kettle(1), gone, kettle(1, 2)])).toEqual([gone, kettle(2)]);
});

describe('a search', () => {
  const base = async () => [{ id: 'from-the-catalogue', rank: '1' }];
  const query = { search: 'kettle', limit: 10 };

  test('is answered by the catalogue while there is no index', async () => {
    const [source, index] = [memorySource(kettle(1)), memoryIndex()];
    const search = createSearch({ index, base });
    expect(await search(query)).toEqual(await base());
    await rebuild(source, index);
    expect(await search(query)).toEqual([{ id: 'prd-00001', rank: '1' }]);
  });

  test('does not hide what is at fault', async () => {
    const broken = { search: async () => Promise.reject(new Error('syntax error')) };
    await expect(createSearch({ index: broken, base })(query)).rejects.toThrow('syntax error');
    const away = { search: async () => Promise.reject(new IndexUnavailable('away')) };
    expect(await createSearch({ index: away, base })(query)).toEqual(await base());
  });
});
