import type { EventStore, StoredEvent } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import { streamOf } from './events';

/** Every event of an order's payments. */
export const historyOfOrder =
  (pool: Pool, events: EventStore) =>
  async (orderId: string): Promise<StoredEvent[]> => {
    const { rows } = await pool.query<{ id: string }>('select id from payments where order_id::text = $1', [
      orderId,
    ]);
    return (await Promise.all(rows.map(({ id }) => events.readStream(streamOf(id))))).flat();
  };
