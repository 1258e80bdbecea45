import type { PoolClient } from '@platform/libs/postgres';

export interface StockLevel {
  productId: string;
  available: number;
  version: number;
}

/** Shows what inventory says is available. An older version than the one shown changes nothing, nor does a product nobody knows here. */
export const followStock = (client: PoolClient, { productId, available, version }: StockLevel) =>
  client.query({
    name: 'follow-stock',
    text: `update products set available = $2, stock_version = $3, updated_at = now()
           where id = $1 and stock_version < $3`,
    values: [productId, available, version],
  });
