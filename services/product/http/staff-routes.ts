import { conflict, notFound, Problem, type Route, route } from '@platform/libs/http';
import { idempotencyKey } from '@platform/libs/idempotency';
import { z } from 'zod';
import { type Editing, SkuTaken } from '../application/editing';
import { etagOf, idParams, product, text } from './schemas';

const listing = z
  .strictObject({
    sku: z.string().regex(/^[\w-]{1,64}$/, 'must have 1 to 64 letters, digits, - or _'),
    name: text(200),
    description: text(5000),
    category: text(50),
    price: z.strictObject({
      amount: z.int().min(0).max(2_147_483_647).meta({ description: 'Minor units (cents)' }),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
    }),
  })
  .meta({ id: 'Listing' });

const keyHeader = z.object({
  'idempotency-key': idempotencyKey('product'),
});
/** A gateway that compresses makes the ETag a weak one: both forms come back. */
const ifMatch = z.object({
  'if-match': z
    .string()
    .regex(/^(?:W\/)?"\d{1,9}"$/, 'must be the ETag of the product as you saw it, for example "3"')
    .optional(),
});

const guarded = {
  400: { description: 'The request is not valid.' },
  401: { description: 'No valid access token.' },
  403: { description: 'The access token does not allow this: only staff with a second factor may.' },
};
const WHEN = 'Searches and lists follow within seconds.';

function problemOf(error: unknown): unknown {
  if (error instanceof SkuTaken)
    return conflict('sku-taken', 'Another product has this SKU: use one of its own, or change that product.');
  return error;
}

/** How the catalogue is written. Stock is none of it. */
export const staffRoutes = (editing: Editing): Route[] => [
  route({
    method: 'post',
    path: '/v1/products',
    summary: 'Add a product',
    description: `Requests with the same Idempotency-Key make one product and have one answer. It has no stock yet. ${WHEN}`,
    scope: 'products:write',
    headers: keyHeader,
    body: listing,
    responses: {
      201: { description: 'The product as it was made.', schema: product },
      ...guarded,
      409: { description: 'Another product has this SKU.' },
      422: { description: 'The Idempotency-Key was used for a different product.' },
    },
    async handle({ body, headers, principal }) {
      try {
        const made = await editing.create(principal.id, headers['idempotency-key'], body);
        return {
          status: 201,
          headers: { Location: `/v1/products/${made.id}`, ETag: etagOf(made.version) },
          body: made,
        };
      } catch (error) {
        throw problemOf(error);
      }
    },
  }),
  route({
    method: 'put',
    path: '/v1/products/:id',
    summary: 'Replace what is said about a product',
    description: `If-Match names the version you saw (its ETag). The same request again changes nothing more. ${WHEN}`,
    scope: 'products:write',
    params: idParams,
    headers: ifMatch,
    body: listing,
    responses: {
      200: { description: 'The product as it is now.', schema: product },
      ...guarded,
      404: { description: 'No such product.' },
      409: { description: 'Another product has this SKU.' },
      412: { description: 'It was changed since: look at it again.' },
      428: { description: 'If-Match is missing.' },
    },
    async handle({ params: { id }, headers, body }) {
      const seen = headers['if-match'];
      if (seen === undefined) {
        throw new Problem(428, {
          code: 'if-match-missing',
          detail: 'Send the header If-Match with the ETag of the product as you saw it.',
        });
      }
      let product: Awaited<ReturnType<Editing['update']>>;
      try {
        product = await editing.update(id, Number(/\d+/.exec(seen)?.[0]), body);
      } catch (error) {
        throw problemOf(error);
      }
      if (product === undefined) throw notFound(`There is no product '${id}'.`);
      if ('conflict' in product) {
        throw new Problem(412, {
          code: 'changed-since',
          detail: `The product was changed since you saw it: its ETag is ${etagOf(product.conflict)} now. Look at it and try again.`,
          headers: { etag: etagOf(product.conflict) },
        });
      }
      return { headers: { ETag: etagOf(product.version) }, body: product };
    },
  }),
  route({
    method: 'delete',
    path: '/v1/products/:id',
    summary: 'Remove a product',
    description: `Done again it changes nothing. Orders of it stay as they are. ${WHEN}`,
    scope: 'products:write',
    params: idParams,
    responses: { 204: { description: 'There is no such product any more.' }, ...guarded },
    async handle({ params: { id } }) {
      await editing.remove(id);
      return { status: 204 };
    },
  }),
];
