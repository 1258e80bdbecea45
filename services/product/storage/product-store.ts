import { createEvent, enqueueEvents } from '@platform/libs/messaging';
import { isUniqueViolation, type Pool, type PoolClient, withTransaction } from '@platform/libs/postgres';
import { type Creation, type ProductStore, SkuTaken } from '../application/editing';
import type { Message } from '../application/published';
import type { Product } from '../domain/product';
import { PRODUCT_COLUMNS, type ProductRow, toProduct } from './products';

export const PRODUCT_TOPIC = 'product.product.v1';

export function createProductStore(pool: Pool): ProductStore {
  return {
    create: (creation, message) =>
      writing(pool, async (client) => {
        const { key, requestHash, product } = creation;
        // Waits for another request with this key to end, then yields to it.
        const { rowCount } = await client.query(
          `insert into product_creations (key, request_hash, answer) values ($1, $2, $3) on conflict do nothing`,
          [key, requestHash, JSON.stringify(product)],
        );
        if (rowCount === 0) return findCreation(client, key);
        await client.query(
          `insert into products (id, version, sku, name, description, category, price_amount, price_currency, available)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [product.id, product.version, ...listingValues(product), product.available],
        );
        await tell(client, product.id, message);
        return creation;
      }),
    update: (id, decide) =>
      writing(pool, async (client) => {
        const before = await lock(client, id);
        if (!before) return undefined;
        const change = decide(before);
        if (!change) return before;
        const { next, message } = change;
        await client.query(
          `update products set version = $2, sku = $3, name = $4, description = $5, category = $6,
             price_amount = $7, price_currency = $8, updated_at = now() where id = $1`,
          [id, next.version, ...listingValues(next)],
        );
        await tell(client, id, message);
        return next;
      }),
    remove: (id, messageOf) =>
      withTransaction(pool, async (client) => {
        const current = await lock(client, id);
        if (!current) return;
        await client.query('delete from products where id = $1', [id]);
        await tell(client, id, messageOf(current));
      }),
  };
}

const listingValues = ({ sku, name, description, category, price }: Product): unknown[] => [
  ...[sku, name, description, category],
  ...[price.amount, price.currency],
];

async function writing<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await withTransaction(pool, work);
  } catch (error) {
    if (isUniqueViolation(error, 'products_sku_key')) throw new SkuTaken();
    throw error;
  }
}

async function lock(client: PoolClient, id: string): Promise<Product | undefined> {
  const { rows } = await client.query<ProductRow>(
    `select ${PRODUCT_COLUMNS} from products where id = $1 for update`,
    [id],
  );
  return rows[0] && toProduct(rows[0]);
}

/** Whoever writes a product holds its row, so its events are in the order of its versions. */
const tell = (client: PoolClient, id: string, message: Message) =>
  enqueueEvents(client, PRODUCT_TOPIC, [
    createEvent<unknown>({ source: '/product-service', subject: id, ...message }),
  ]);

async function findCreation(client: PoolClient, key: string): Promise<Creation> {
  const { rows } = await client.query<{ request_hash: string; answer: Product }>(
    'select request_hash, answer from product_creations where key = $1',
    [key],
  );
  return { key, requestHash: rows[0]!.request_hash, product: rows[0]!.answer };
}
