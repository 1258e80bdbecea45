import type { EventStore, StoredEvent } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import { z } from 'zod';
import { streamOf } from './events';

/** Every event of an order's payments; none for what is no id of an order. */
export const historyOfOrder =
  (pool: Pool, events: EventStore) =>
  async (orderId: string): Promise<StoredEvent[]> => {
    if (!z.uuid().safeParse(orderId).success) return [];
    const { rows } = await pool.query<{ id: string }>('select id from payments where order_id = $1', [
      orderId,
    ]);
    return (await Promise.all(rows.map(({ id }) => events.readStream(streamOf(id))))).flat();
  };
