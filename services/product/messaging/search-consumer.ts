import {
  createConsumer,
  type EventConsumer,
  type Handler,
  handler,
  type KafkaPort,
} from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import type { Logger } from '@platform/libs/telemetry';
import { z } from 'zod';
import type { Refresher } from '../application/refresher';
import type { SearchIndex } from '../application/search-index';
import { PRODUCT_TOPIC } from '../storage/product-store';

const aboutProduct = z.object({ productId: z.string(), version: z.int(), category: z.string() });
const created = aboutProduct.extend({ name: z.string(), description: z.string() });
const updated = created.extend({ previousCategory: z.string() });

export interface SearchConsumerDeps {
  kafka: KafkaPort;
  pool: Pool;
  logger: Logger;
  groupId: string;
  index: Pick<SearchIndex, 'apply'>;
  refresher: Pick<Refresher, 'note'>;
}

/** The catalogue's own changes reach the index and the caches. The index goes by product and version, whatever comes when. */
export const createSearchHandlers = (
  index: SearchConsumerDeps['index'],
  refresher: SearchConsumerDeps['refresher'],
): Record<string, Handler> => ({
  'product.created.v1': handler(created, async ({ data: { productId: id, ...data } }, { client }) => {
    await index.apply([{ id, ...data }], client);
    refresher.note(id, [data.category]);
  }),
  'product.updated.v1': handler(
    updated,
    async ({ data: { productId: id, previousCategory, ...data } }, { client }) => {
      await index.apply([{ id, ...data }], client);
      refresher.note(id, [previousCategory, data.category]);
    },
  ),
  'product.deleted.v1': handler(aboutProduct, async ({ data: { productId: id, ...data } }, { client }) => {
    await index.apply([{ id, version: data.version, deleted: true }], client);
    refresher.note(id, [data.category]);
  }),
});

export const createSearchConsumer = ({ index, refresher, ...deps }: SearchConsumerDeps): EventConsumer =>
  createConsumer({ ...deps, topics: [PRODUCT_TOPIC], handlers: createSearchHandlers(index, refresher) });
