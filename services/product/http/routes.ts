import { invalidRequest, notFound, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import { type Catalogue, PAGE_LENGTH } from '../application/catalogue';
import { decodeCursor } from '../domain/cursor';
import type { Product } from '../domain/product';
import { etagOf, idParams, product, text } from './schemas';

const page = z
  .object({ items: z.array(product), nextCursor: z.string().nullable() })
  .meta({ id: 'ProductPage' });

const FRESHNESS = 'Availability is usually up to 2 s old; only an order is certain.';

export function productRoutes(catalogue: Catalogue): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/products',
      summary: 'Browse and search products',
      description: `Pages by cursor, ordered by id, or by relevance when q is given. ${FRESHNESS}`,
      quiet: true,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(100).default(PAGE_LENGTH),
        cursor: z.string().max(300).optional().meta({ description: 'nextCursor of the page before' }),
        category: text(50).optional(),
        q: text(100).optional().meta({ description: 'Words; small misspellings are forgiven' }),
      }),
      responses: {
        200: { description: 'A page of products', schema: page },
        400: { description: 'Not valid' },
      },
      handle: async ({ query: { limit, cursor, category, q } }) => {
        const after = cursor === undefined ? undefined : decodeCursor(cursor);
        const fits = cursor === undefined || (after && (after.rank !== undefined) === (q !== undefined));
        if (!fits) {
          throw invalidRequest([
            {
              in: 'query',
              pointer: '#/cursor',
              detail: 'This is no cursor of this list: use nextCursor of its last page.',
            },
          ]);
        }
        return { json: await catalogue.pageJson({ limit, category, search: q, after }) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/products/:id',
      summary: 'One product',
      description: FRESHNESS,
      quiet: true,
      params: idParams,
      responses: {
        200: { description: 'The product; its ETag is for If-Match', schema: product },
        400: { description: 'Not an id' },
        404: { description: 'No such product' },
      },
      handle: async ({ params: { id } }) => {
        const json = await catalogue.productJson(id);
        if (json === undefined) throw notFound(`There is no product '${id}'.`);
        const { version } = JSON.parse(json) as Product;
        return { headers: { ETag: etagOf(version) }, json };
      },
    }),
  ];
}
