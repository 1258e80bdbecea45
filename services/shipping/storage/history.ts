import type { EventStore, StoredEvent } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import { z } from 'zod';
import { streamOf } from './shipmentStore';

/** Every event of an order's shipment; none for what is no id of an order. */
export const historyOfOrder =
  (pool: Pool, events: EventStore) =>
  async (orderId: string): Promise<StoredEvent[]> => {
    if (!z.uuid().safeParse(orderId).success) return [];
    const { rows } = await pool.query<{ id: string }>('select id from shipments where order_id = $1', [
      orderId,
    ]);
    return rows[0] ? events.readStream(streamOf(rows[0].id)) : [];
  };
