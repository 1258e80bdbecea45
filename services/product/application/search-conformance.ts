import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { IndexUnavailable, RebuildRunning, type SearchChange, type SearchIndex } from './search-index';

/**
 * What every adapter of the search index must do, as tests. `open` gives one that nothing was ever put into; nothing is closed
 * here.
 */
export function conformsToSearchIndex(open: () => Promise<SearchIndex>): void {
  const named = (id: string, name: string, version = 1, category = 'kitchen'): SearchChange => ({
    ...{ id, version, name, category },
    description: `A ${name.toLowerCase()} for everyday use.`,
  });
  const found = async (index: SearchIndex, search: string, more = {}) =>
    (await index.search({ search, limit: 100, ...more })).map(({ id }) => id).sort();
  const everything = async (index: SearchIndex) => {
    const live = await index.live();
    return (await live!.page(undefined, 1000)).map(({ id, version }) => `${id} v${version}`).sort();
  };
  const filled = async (...changes: SearchChange[]) => {
    const index = await open();
    const next = await index.begin();
    await next.apply(changes);
    await next.follow();
    await next.publish();
    return index;
  };

  test('is not to be searched before it was made, and takes changes in silence', async () => {
    const index = await open();
    await expect(index.search({ search: 'kettle', limit: 10 })).rejects.toThrow(IndexUnavailable);
    await index.apply([named('a', 'Kettle')]);
    expect(await index.live()).toBeUndefined();
  });

  test('finds by words, in a category where one is named', async () => {
    const index = await filled(
      named('a', 'Copper Kettle'),
      named('b', 'Steel Kettle'),
      named('c', 'Copper Kettle', 1, 'garden'),
      named('d', 'Oak Chair'),
    );
    expect(await found(index, 'kettle')).toEqual(['a', 'b', 'c']);
    expect(await found(index, 'copper kettle')).toEqual(['a', 'c']);
    expect(await found(index, 'kettle', { category: 'garden' })).toEqual(['c']);
    expect(await found(index, 'kettle', { category: 'toys' })).toEqual([]);
    expect(await found(index, 'xyzzyxyzzy')).toEqual([]);
  });

  test('pages: every hit once, none left out', async () => {
    const index = await filled(...Array.from({ length: 23 }, (_, n) => named(`p${n}`, 'Copper Kettle')));
    const ids: string[] = [];
    for (let after: { id: string; rank?: string } | undefined; ; ) {
      const hits = await index.search({ search: 'kettle', limit: 5, after });
      ids.push(...hits.map(({ id }) => id));
      after = hits.at(-1);
      if (hits.length < 5) break;
    }
    expect(ids).toHaveLength(23);
    expect(new Set(ids).size).toBe(23);
  });

  test('a change replaces what was there, and a deletion takes it away', async () => {
    const index = await filled(named('a', 'Kettle'), named('b', 'Kettle'));
    await index.apply([named('a', 'Teapot', 2, 'garden'), { id: 'b', version: 2, deleted: true }]);
    expect(await found(index, 'kettle')).toEqual([]);
    expect(await found(index, 'teapot', { category: 'garden' })).toEqual(['a']);
    expect(await everything(index)).toEqual(['a v2']);
  });

  test('an older version never wins, not over a deletion either', async () => {
    const index = await filled(named('a', 'Kettle', 3));
    await index.apply([named('a', 'Teapot', 2)]);
    expect(await found(index, 'kettle')).toEqual(['a']);
    await index.apply([{ id: 'b', version: 5, deleted: true }]);
    await index.apply([named('b', 'Kettle', 4)]);
    expect(await everything(index)).toEqual(['a v3']);
  });

  test('ends the same in whatever order and however often changes come', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const change = fc.record({ id: fc.constantFrom(...ids), version: fc.integer({ min: 1, max: 5 }) });
    // Of one product and version there is one truth: every third is a deletion.
    const truth = ({ id, version }: { id: string; version: number }): SearchChange =>
      (version + ids.indexOf(id)) % 3 === 0
        ? { id, version, deleted: true }
        : named(id, version % 2 === 0 ? 'Kettle' : 'Teapot', version);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
        async (batches) => {
          // Each run has products of its own.
          const run = randomUUID();
          const of = (id: string) => `${run}-${id}`;
          for (const batch of batches)
            await shared.apply(batch.map((one) => ({ ...truth(one), id: of(one.id) })));
          const last = new Map<string, number>();
          for (const { id, version } of batches.flat()) last.set(id, Math.max(version, last.get(id) ?? 0));
          const expected = [...last]
            .filter(([id, version]) => !truth({ id, version }).deleted)
            .map(([id, version]) => [of(id), version]);
          const live = await shared.live();
          expect([...(await live!.of(ids.map(of)))].sort()).toEqual(expected.sort());
        },
      ),
      { numRuns: 40 },
    );
  });
  let shared: SearchIndex;
  beforeAll(async () => {
    shared = await filled();
  });

  test('tells what it holds by pages and by ids, deletions left out', async () => {
    const index = await filled(...Array.from({ length: 7 }, (_, n) => named(`p${n}`, 'Kettle', n + 1)));
    await index.apply([{ id: 'p3', version: 9, deleted: true }]);
    const live = (await index.live())!;
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await live.page(after, 2);
      expect(page.length).toBeLessThanOrEqual(2);
      seen.push(...page.map(({ id }) => id));
      if (page.length < 2) break;
      after = page.at(-1)?.id;
    }
    expect(seen.sort()).toEqual(['p0', 'p1', 'p2', 'p4', 'p5', 'p6']);
    expect([...(await live.of(['p2', 'p3', 'nothing']))]).toEqual([['p2', 3]]);
  });

  test('one that is being made is not searched, and is swapped in as a whole', async () => {
    const index = await filled(named('old', 'Kettle'));
    const next = await index.begin();
    await next.apply([named('new', 'Kettle')]);
    expect(await found(index, 'kettle')).toEqual(['old']);
    await next.follow();
    expect(await found(index, 'kettle')).toEqual(['old']);
    await next.publish();
    // An instance may remember for a moment which one was searched; it is gone by then.
    expect(await found(index, 'kettle')).toEqual(['new']);
    expect((await index.live())?.name).toBe(next.name);
  });

  test('changes reach what follows as well as what is searched', async () => {
    const index = await filled(named('a', 'Kettle'));
    const next = await index.begin();
    await next.apply([named('a', 'Kettle')]);
    await next.follow();
    await index.apply([named('a', 'Teapot', 2), named('b', 'Teapot')]);
    expect(await found(index, 'teapot')).toEqual(['a', 'b']);
    await next.publish();
    expect(await found(index, 'teapot')).toEqual(['a', 'b']);
  });

  test('one that is given up leaves nothing, and the next can begin', async () => {
    const index = await filled(named('a', 'Kettle'));
    const next = await index.begin();
    await next.apply([named('b', 'Kettle')]);
    await next.abandon();
    expect(await found(index, 'kettle')).toEqual(['a']);
    await (await index.begin()).abandon();
  });

  test('is rebuilt by one at a time', async () => {
    const index = await filled();
    const next = await index.begin();
    await expect(index.begin()).rejects.toThrow(RebuildRunning);
    await next.abandon();
    await (await index.begin()).abandon();
  });
}
