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

/** Products on a page of which the length is not said. */
export const PAGE_LENGTH = 20;

export interface ProductReader {
  byId(id: string): Promise<Product | undefined>;
  /** Ordered by id, or by relevance and id when searched. */
  list(query: ProductQuery): Promise<RankedProduct[]>;
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
export function createCatalogue(reader: ProductReader, caches: CatalogueCaches): Catalogue {
  const catalogue: Catalogue = {
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
  };
  return catalogue;
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
