import { enqueueEvents } from '@platform/libs/messaging';
import { together } from '@platform/libs/postgres';
import { STOCK_TOPIC, stockMessages } from '../application/messages';
import type { Transaction } from '../application/ports';
import type { Item, ItemChange } from '../domain/stock';

export const COLUMNS = 'product_id, stock, held, threshold, version';

interface Row {
  product_id: string;
  stock: number;
  held: number;
  threshold: number;
  version: number;
}

export const toItem = ({ product_id: productId, stock, held, threshold, version }: Row): Item => ({
  ...{ productId, stock, held, threshold, version },
});

/** Locked in the order of ids, like everywhere: two orders that share products must not wait for each other in a circle. */
export const lockItems = async (client: Transaction, productIds: string[]): Promise<Map<string, Item>> => {
  if (productIds.length === 0) return new Map();
  const { rows } = await client.query<Row>({
    name: 'lock-items',
    text: `select ${COLUMNS} from stock_items where product_id = any($1::text[]) order by product_id for update`,
    values: [productIds],
  });
  return new Map(rows.map((row) => [row.product_id, toItem(row)]));
};

/** All in one statement, and what others hear of it. The items are locked, or new. */
export const saveChanges = async (
  client: Transaction,
  changes: ItemChange[],
  traceparent?: string,
): Promise<void> => {
  if (changes.length === 0) return;
  const items = changes.map(({ after }) => after);
  const save = client.query({
    name: 'save-items',
    text: `update stock_items set stock = new.stock, held = new.held, threshold = new.threshold,
             version = new.version, updated_at = now()
           from unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::int[])
             as new(product_id, stock, held, threshold, version)
           where stock_items.product_id = new.product_id`,
    values: [
      items.map(({ productId }) => productId),
      items.map(({ stock }) => stock),
      items.map(({ held }) => held),
      items.map(({ threshold }) => threshold),
      items.map(({ version }) => version),
    ],
  });
  await together(save, announceChanges(client, changes, traceparent));
};

export const announceChanges = (client: Transaction, changes: ItemChange[], traceparent?: string) =>
  enqueueEvents(
    client,
    STOCK_TOPIC,
    changes.flatMap((change) => stockMessages(change, traceparent)),
  );
