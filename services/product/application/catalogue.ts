import { type Cursor, encodeCursor } from '../domain/cursor';
import type { Product } from '../domain/product';
import type { ReadCache } from './read-cache';
import type { Hit, Search, SearchQuery } from './search-index';

export interface ProductQuery {
  limit: number;
  category?: string;
  /** Words, or a misspelt part of a name. */
  search?: string;
  after?: Cursor;
}

/** Products on a page of which the length is not said. */
export const PAGE_LENGTH = 20;

export interface ProductReader {
  byId(id: string): Promise<Product | undefined>;
  /** Ordered by id. */
  list(query: ProductQuery): Promise<Product[]>;
  /** Ordered by relevance and id; needs no index beside the catalogue. */
  search(query: SearchQuery): Promise<Hit[]>;
  /** Categories that have products, by name. */
  categories(limit: number): Promise<string[]>;
}

export interface Catalogue {
  /** The product as JSON text, or undefined. */
  productJson(id: string): Promise<string | undefined>;
  /** One page as JSON text: {items, nextCursor}. */
  pageJson(query: ProductQuery): Promise<string>;
  /** Reads what customers ask for first, so that it is in the caches: the first pages, and the products on them. */
  warm(): Promise<void>;
  /** Products have changed: they are forgotten, and the first pages that show them are read anew. */
  refresh(ids: string[], categories: string[]): Promise<void>;
}

export interface CatalogueCaches {
  products: ReadCache;
  pages: ReadCache;
}

/** A shop has few; whoever has more finds the others cold. */
const WARMED_CATEGORIES = 50;

/**
 * Answers are JSON text, because that is what is cached and sent. They may be as old as the caches let them be (see
 * app.ts); whoever needs certainty orders.
 */
export function createCatalogue(reader: ProductReader, search: Search, caches: CatalogueCaches): Catalogue {
  const catalogue: Catalogue = {
    productJson: (id) =>
      caches.products.get(id, async () => {
        const product = await reader.byId(id);
        return product && JSON.stringify(product);
      }),
    pageJson: async (query) => {
      return (await caches.pages.get(keyOf(query), () => readPage(reader, search, query))) as string;
    },
    async warm() {
      const categories = await reader.categories(WARMED_CATEGORIES);
      const pages = await Promise.all(
        [undefined, ...categories].map((category) => catalogue.pageJson({ limit: PAGE_LENGTH, category })),
      );
      const ids = pages.flatMap((page) =>
        (JSON.parse(page) as { items: Product[] }).items.map(({ id }) => id),
      );
      await Promise.all([...new Set(ids)].map((id) => catalogue.productJson(id)));
    },
    async refresh(ids, categories) {
      await Promise.all(ids.map((id) => caches.products.forget(id)));
      const first = [undefined, ...categories].map((category) => ({ limit: PAGE_LENGTH, category }));
      await Promise.all(first.map((query) => caches.pages.forget(keyOf(query))));
      await Promise.all(first.map((query) => catalogue.pageJson(query)));
    },
  };
  return catalogue;
}

const keyOf = ({ limit, category, search, after }: ProductQuery): string =>
  JSON.stringify([limit, category, search, after?.id, after?.rank]);

async function readPage(reader: ProductReader, search: Search, query: ProductQuery): Promise<string> {
  // One more than asked for tells whether there is a next page.
  const more = { ...query, limit: query.limit + 1 };
  if (query.search === undefined) {
    const found = await reader.list(more);
    return pageOf(
      found.slice(0, query.limit),
      found.length > query.limit ? found[query.limit - 1] : undefined,
    );
  }
  const hits = await search({ ...more, search: query.search });
  const shown = hits.slice(0, query.limit);
  const products = await Promise.all(shown.map(({ id }) => reader.byId(id)));
  // The index may not have heard yet that a product is gone.
  const items = products.filter((product) => product !== undefined);
  return pageOf(items, hits.length > query.limit ? shown.at(-1) : undefined);
}

/** @param last where the next page goes on from, if there is one. */
const pageOf = (items: Product[], last: Cursor | undefined): string =>
  JSON.stringify({
    items,
    nextCursor: last === undefined ? null : encodeCursor({ id: last.id, rank: last.rank }),
  });
