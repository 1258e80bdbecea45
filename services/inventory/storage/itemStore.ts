import { IdempotencyKeyReused } from '@platform/libs/idempotency';
import { type Pool, type PoolClient, withTransaction } from '@platform/libs/postgres';
import {
  type Adjustment,
  type ItemQuery,
  type ItemStore,
  StockChanged,
  StockRefused,
} from '../application/ports';
import { adjusted, counted, created, type Item, type Refusal } from '../domain/stock';
import { announceChanges, COLUMNS, lockItems, saveChanges, toItem } from './items';

/** In one message to the database, when all are told anew. */
const AT_ONCE = 1000;

const demand = (outcome: Item | Refusal, current: Item): Item => {
  if (typeof outcome === 'string') throw new StockRefused(outcome, current);
  return outcome;
};

/** Statements differ by what is asked for, so that each has a plan of its own that uses its index. */
const listOf = ({ limit, low, after }: ItemQuery) => {
  const conditions = [low && 'low', after !== undefined && 'product_id > $2'].filter(Boolean);
  return {
    name: `items${low ? '-low' : ''}${after === undefined ? '' : '-after'}`,
    text: `select ${COLUMNS} from stock_items ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
           order by product_id limit $1`,
    values: after === undefined ? [limit] : [limit, after],
  };
};

export const createItemStore = (pool: Pool): ItemStore => {
  const list = async (query: ItemQuery, db: Pick<PoolClient, 'query'> = pool) =>
    (await db.query(listOf(query))).rows.map(toItem);

  const lock = async (client: PoolClient, productId: string) =>
    (await lockItems(client, [productId])).get(productId);

  const create = async (client: PoolClient, item: Item) => {
    // Waits for another request that creates it to end, then yields to it.
    const { rowCount } = await client.query({
      name: 'create-item',
      text: `insert into stock_items (${COLUMNS}) values ($1, $2, $3, $4, $5) on conflict do nothing`,
      values: [item.productId, item.stock, item.held, item.threshold, item.version],
    });
    if (rowCount === 0) throw new StockChanged(await lock(client, item.productId));
    await announceChanges(client, [{ after: item }]);
    return item;
  };

  const findAdjustment = async (client: PoolClient, { actorId, key, requestHash }: Adjustment) => {
    const { rows } = await client.query({
      name: 'find-adjustment',
      text: 'select request_hash, answer from adjustments where actor_id = $1 and key = $2',
      values: [actorId, key],
    });
    if (rows[0] && rows[0].request_hash !== requestHash) throw new IdempotencyKeyReused('request');
    return rows[0]?.answer as Item | undefined;
  };

  return {
    list: (query) => list(query),
    async find(productId) {
      const { rows } = await pool.query({
        name: 'find-item',
        text: `select ${COLUMNS} from stock_items where product_id = $1`,
        values: [productId],
      });
      return rows[0] && toItem(rows[0]);
    },
    put: (productId, count, basis) =>
      withTransaction(pool, async (client) => {
        if (basis.kind === 'new') return create(client, created(productId, count));
        const before = await lock(client, productId);
        if (before?.version !== basis.version) throw new StockChanged(before);
        const after = demand(counted(before, count), before);
        await saveChanges(client, [{ before, after }]);
        return after;
      }),
    adjust: (adjustment) =>
      withTransaction(pool, async (client) => {
        const { actorId, key, requestHash, productId, change, reason } = adjustment;
        // Locked first: of two requests with one key the second then sees what the first has written.
        const before = await lock(client, productId);
        if (!before) return undefined;
        const earlier = await findAdjustment(client, adjustment);
        if (earlier) return earlier;
        const after = demand(adjusted(before, change), before);
        const { rowCount } = await client.query({
          name: 'save-adjustment',
          text: `insert into adjustments (actor_id, key, request_hash, product_id, change, reason, answer)
                 values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
          values: [actorId, key, requestHash, productId, change, reason, JSON.stringify(after)],
        });
        // At the same moment, for another product.
        if (rowCount === 0) throw new IdempotencyKeyReused('request');
        await saveChanges(client, [{ before, after }]);
        return after;
      }),
    async announce() {
      let told = 0;
      for (let after: string | undefined; ; ) {
        // Their own versions: whoever has heard of them already leaves them alone.
        const items = await withTransaction(pool, async (client) => {
          const page = await list({ limit: AT_ONCE, low: false, after }, client);
          await announceChanges(
            client,
            page.map((item) => ({ before: item, after: item })),
          );
          return page;
        });
        told += items.length;
        after = items.at(-1)?.productId;
        if (items.length < AT_ONCE) return told;
      }
    },
  };
};
