import type { Generation, ProductSource, SearchChange, SearchIndex, Versions } from './search-index';

/** Products read and written at once. */
const BATCH = 1000;

export interface Differences {
  /** Products that were looked at. */
  products: number;
  /** In the catalogue, not in the index. */
  missing: string[];
  /** In both, of different versions. */
  stale: string[];
  /** In the index, not in the catalogue; with the version that must be beaten. */
  orphaned: { id: string; version: number }[];
}

export const differ = ({ missing, stale, orphaned }: Differences): boolean =>
  missing.length + stale.length + orphaned.length > 0;

async function* pages(versions: Versions) {
  for (let after: string | undefined; ; ) {
    const page = await versions.page(after, BATCH);
    if (page.length > 0) yield page;
    if (page.length < BATCH) return;
    after = page.at(-1)?.id;
  }
}

/** Looks at every product and at everything in the index, a page at a time. */
export async function differences(source: Versions, index: Versions): Promise<Differences> {
  const found: Differences = { products: 0, missing: [], stale: [], orphaned: [] };
  for await (const page of pages(source)) {
    found.products += page.length;
    const indexed = await index.of(page.map(({ id }) => id));
    for (const { id, version } of page) {
      const has = indexed.get(id);
      if (has === undefined) found.missing.push(id);
      else if (has !== version) found.stale.push(id);
    }
  }
  for await (const page of pages(index)) {
    const present = await source.of(page.map(({ id }) => id));
    found.orphaned.push(...page.filter(({ id }) => !present.has(id)));
  }
  return found;
}

/** Brings what differs up to date, through `apply`. */
async function mend(
  source: ProductSource,
  { missing, stale, orphaned }: Differences,
  apply: Generation['apply'],
) {
  const wanted = [...missing, ...stale];
  for (let next = 0; next < wanted.length; next += BATCH)
    await apply(await source.documents(wanted.slice(next, next + BATCH)));
  // Ids are never used again, so one version more is enough for good.
  const gone = orphaned.map(({ id, version }): SearchChange => ({ id, version: version + 1, deleted: true }));
  for (let next = 0; next < gone.length; next += BATCH) await apply(gone.slice(next, next + BATCH));
}

export interface Rebuilt {
  index: string;
  products: number;
  /** Changes that came while it was filled. */
  caughtUp: number;
}

/**
 * Makes the index anew beside the one that is searched, and swaps them. Killed at any point, it leaves the old one in use
 * and a rest for the next rebuild to remove.
 */
export async function rebuild(source: ProductSource, index: SearchIndex): Promise<Rebuilt> {
  const next = await index.begin();
  try {
    let products = 0;
    for await (const page of pages(source)) {
      await next.apply(await source.documents(page.map(({ id }) => id)));
      products += page.length;
    }
    await next.follow();
    // Whatever was written before it followed is in the catalogue now; whatever comes later reaches it.
    const late = await differences(source, next);
    await mend(source, late, next.apply);
    await next.publish();
    const caughtUp = late.missing.length + late.stale.length + late.orphaned.length;
    return { index: next.name, products, caughtUp };
  } catch (error) {
    await next.abandon().catch(() => undefined);
    throw error;
  }
}

export interface Comparison extends Differences {
  /** The index's name; none where there is none, and then everything is missing. */
  index: string | null;
  /** How many differences were mended. */
  repaired: number;
}

export interface CompareOptions {
  repair?: boolean;
  /** A change on its way to the index differs for a moment: what differs is looked at again after this long. 2000 unless told. */
  settleMs?: number;
}

const NOTHING: Versions = { page: async () => [], of: async () => new Map() };

/** Compares the index that is searched with the catalogue. What it tells is what is left when it ends. */
export async function compare(
  source: ProductSource,
  index: SearchIndex,
  { repair = false, settleMs = 2000 }: CompareOptions = {},
): Promise<Comparison> {
  const live = await index.live();
  const look = () => differences(source, live ?? NOTHING);
  let found = await look();
  if (differ(found) && live) {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    found = inBoth(found, await look());
  }
  let repaired = 0;
  if (repair && live && differ(found)) {
    await mend(source, found, index.apply);
    const left = inBoth(found, await look());
    repaired = count(found) - count(left);
    found = left;
  }
  return { index: live?.name ?? null, ...found, repaired };
}

const count = ({ missing, stale, orphaned }: Differences) => missing.length + stale.length + orphaned.length;

/** What was there before and still is. */
function inBoth(before: Differences, now: Differences): Differences {
  const was = new Set([...before.missing, ...before.stale, ...before.orphaned.map(({ id }) => id)]);
  return {
    products: now.products,
    missing: now.missing.filter((id) => was.has(id)),
    stale: now.stale.filter((id) => was.has(id)),
    orphaned: now.orphaned.filter(({ id }) => was.has(id)),
  };
}
