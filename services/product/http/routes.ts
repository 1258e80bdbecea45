import { invalidRequest, notFound, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import { type Catalogue, PAGE_LENGTH } from '../application/catalogue';
import { decodeCursor } from '../domain/cursor';

const product = z
  .object({
    id: z.string().meta({ example: 'prd-00001' }),
    sku: z.string(),
    name: z.string(),
    description: z.string(),
    category: z.string(),
    price: z.object({
      amount: z.int().meta({ description: 'Minor units (cents)' }),
      currency: z.string().meta({ example: 'EUR' }),
    }),
    available: z.int().meta({ description: 'Units that can be ordered; usually up to 2 s old' }),
  })
  .meta({ id: 'Product' });
const page = z
  .object({ items: z.array(product), nextCursor: z.string().nullable() })
  .meta({ id: 'ProductPage' });

/** A word or name; control characters would only upset the database. */
const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');

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
      params: z.strictObject({ id: z.string().regex(/^[\w-]{1,64}$/, 'must look like prd-00001') }),
      responses: {
        200: { description: 'The product', schema: product },
        400: { description: 'Not an id' },
        404: { description: 'No such product' },
      },
      handle: async ({ params: { id } }) => {
        const json = await catalogue.productJson(id);
        if (json === undefined) throw notFound(`There is no product '${id}'.`);
        return { json };
      },
    }),
  ];
}
