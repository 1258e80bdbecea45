import type { Queryable } from '@platform/libs/postgres';
import type { ProductQuery, ProductReader } from '../application/catalogue';
import type { Hit } from '../application/search-index';
import type { Product } from '../domain/product';
import { createBatcher } from './batcher';
import { searchStatement } from './search-statement';

export interface ProductRow {
  id: string;
  version: number;
  sku: string;
  name: string;
  description: string;
  category: string;
  price_amount: number;
  price_currency: string;
  available: number;
}

export const PRODUCT_COLUMNS =
  'id, version, sku, name, description, category, price_amount, price_currency, available';

export function createProductReader(reads: Queryable): ProductReader {
  const byIds = createBatcher<Product>(async (ids) => {
    const { rows } = await reads.query<ProductRow>({
      name: 'products-by-ids',
      text: `select ${PRODUCT_COLUMNS} from products where id = any($1::text[])`,
      values: [ids],
    });
    return new Map(rows.map((row) => [row.id, toProduct(row)]));
  });
  return {
    byId: (id) => byIds(id),
    async list(query) {
      const { rows } = await reads.query<ProductRow>(plainList(query));
      return rows.map(toProduct);
    },
    async search(query) {
      return (await reads.query<Hit>(searchStatement({ table: 'products' }, query))).rows;
    },
    async categories(limit) {
      // From one to the next through the index, instead of past every product.
      const { rows } = await reads.query<{ category: string }>({
        name: 'product-categories',
        text: `with recursive found as (
                 (select category from products order by category limit 1)
                 union all
                 select (select category from products where category > found.category order by category limit 1)
                 from found where found.category is not null)
               select category from found where category is not null limit $1`,
        values: [limit],
      });
      return rows.map(({ category }) => category);
    },
  };
}

/** Statements differ by what is asked for, so that each has a plan of its own that uses its index. */
function plainList({ category, after, limit }: ProductQuery) {
  const values: unknown[] = [limit];
  const conditions: string[] = [];
  if (category !== undefined) conditions.push(`category = $${values.push(category)}`);
  if (after) conditions.push(`id > $${values.push(after.id)}`);
  return {
    name: `products${category === undefined ? '' : '-category'}${after ? '-after' : ''}`,
    text: `select ${PRODUCT_COLUMNS} from products ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
           order by ${category === undefined ? '' : 'category, '}id limit $1`,
    values,
  };
}

export function toProduct(row: ProductRow): Product {
  return {
    id: row.id,
    version: row.version,
    sku: row.sku,
    name: row.name,
    description: row.description,
    category: row.category,
    price: { amount: row.price_amount, currency: row.price_currency },
    available: row.available,
  };
}
