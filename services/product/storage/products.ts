import type { Queryable } from '@platform/libs/postgres';
import type { ProductQuery, ProductReader, RankedProduct } from '../application/catalogue';
import type { Product } from '../domain/product';
import { createBatcher } from './batcher';

interface Row {
  id: string;
  sku: string;
  name: string;
  description: string;
  category: string;
  price_amount: number;
  price_currency: string;
  available: number;
  rank?: string;
}

const COLUMNS = 'id, sku, name, description, category, price_amount, price_currency, available';

export function createProductReader(reads: Queryable): ProductReader {
  const byIds = createBatcher<Product>(async (ids) => {
    const { rows } = await reads.query<Row>({
      name: 'products-by-ids',
      text: `select ${COLUMNS} from products where id = any($1::text[])`,
      values: [ids],
    });
    return new Map(rows.map((row) => [row.id, toProduct(row)]));
  });
  return {
    byId: (id) => byIds(id),
    async list(query) {
      const { rows } = await reads.query<Row>(
        query.search === undefined ? plainList(query) : searchList(query),
      );
      return rows.map((row): RankedProduct => ({ product: toProduct(row), rank: row.rank }));
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
    text: `select ${COLUMNS} from products ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
           order by ${category === undefined ? '' : 'category, '}id limit $1`,
    values,
  };
}

/** Whole words by full text, misspelt ones by trigrams; the rank is rounded so that pages can go on from it. */
function searchList({ category, search, after, limit }: ProductQuery) {
  return {
    name: 'products-search',
    text: `
      select * from (
        select ${COLUMNS},
          round((ts_rank(search, query) + word_similarity($1, name))::numeric, 6)::text as rank,
          round((ts_rank(search, query) + word_similarity($1, name))::numeric, 6) as score
        from products, websearch_to_tsquery('english', $1) as query
        where (search @@ query or $1 <% name) and ($2::text is null or category = $2)
      ) found
      where $3::numeric is null or score < $3::numeric or (score = $3::numeric and id > $4)
      order by score desc, id limit $5`,
    values: [search, category ?? null, after?.rank ?? null, after?.id ?? null, limit],
  };
}

function toProduct(row: Row): Product {
  return {
    id: row.id,
    sku: row.sku,
    name: row.name,
    description: row.description,
    category: row.category,
    price: { amount: row.price_amount, currency: row.price_currency },
    available: row.available,
  };
}
