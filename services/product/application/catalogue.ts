import { type Cursor, encodeCursor } from '../domain/cursor';
import type { Product } from '../domain/product';
import type { ReadCache } from './read-cache';

export interface ProductQuery {
  limit: number;
  category?: string;
  /** Words, or a misspelt part of a name. */
  search?: string;
  after?: Cursor;
}

export interface RankedProduct {
  product: Product;
  /** Only when searched. */
  rank?: string;
}

export interface ProductReader {
  byId(id: string): Promise<Product | undefined>;
  /** Ordered by id, or by relevance and id when searched. */
  list(query: ProductQuery): Promise<RankedProduct[]>;
}

export interface Catalogue {
  /** The product as JSON text, or undefined. */
  productJson(id: string): Promise<string | undefined>;
  /** One page as JSON text: {items, nextCursor}. */
  pageJson(query: ProductQuery): Promise<string>;
}

export interface CatalogueCaches {
  products: ReadCache;
  pages: ReadCache;
}

/**
 * Answers are JSON text, because that is what is cached and sent. They may be as old as the caches let them be (see
 * app.ts); whoever needs certainty reserves.
 */
export function createCatalogue(reader: ProductReader, caches: CatalogueCaches): Catalogue {
  return {
    productJson: (id) =>
      caches.products.get(id, async () => {
        const product = await reader.byId(id);
        return product && JSON.stringify(product);
      }),
    pageJson: async (query) => {
      const key = JSON.stringify([
        query.limit,
        query.category,
        query.search,
        query.after?.id,
        query.after?.rank,
      ]);
      return (await caches.pages.get(key, () => readPage(reader, query))) as string;
    },
  };
}

async function readPage(reader: ProductReader, query: ProductQuery): Promise<string> {
  // One more than asked for tells whether there is a next page.
  const found = await reader.list({ ...query, limit: query.limit + 1 });
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  const more = found.length > query.limit && last !== undefined;
  return JSON.stringify({
    items: page.map(({ product }) => product),
    nextCursor: more ? encodeCursor({ id: last.product.id, rank: last.rank }) : null,
  });
}
