import { enqueueEvents } from '@platform/libs/messaging';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { SHIPMENT_TOPIC, trackedMessage } from '../application/messages';
import type { TrackingStore } from '../application/ports';
import type { TrackingEvent } from '../domain/tracking';
import { createLeases } from './leases';

const toEvent = (row: { status: string; at: Date; code: string; description: string }): TrackingEvent => ({
  status: row.status as TrackingEvent['status'],
  at: row.at.toISOString(),
  code: row.code,
  description: row.description,
});

export const createTrackingStore = (pool: Pool): TrackingStore => {
  const eventsOf = async (shipmentId: string): Promise<TrackingEvent[]> => {
    const { rows } = await pool.query({
      name: 'tracking-events',
      text: 'select status, at, code, description from tracking_events where shipment_id = $1 order by at, code',
      values: [shipmentId],
    });
    return rows.map(toEvent);
  };
  return {
    ...createLeases(pool, 'tracking'),
    async load(shipmentId) {
      const { rows } = await pool.query({
        name: 'load-tracked',
        text: `select order_id, view->>'carrier' as carrier, view->>'trackingNumber' as number, tracking_status,
                 tracking_quiet, tracking_since from shipments where id = $1 and status = 'booked'`,
        values: [shipmentId],
      });
      const [row] = rows;
      if (!row) return undefined;
      return {
        ...{ shipmentId, orderId: row.order_id, carrier: row.carrier, trackingNumber: row.number },
        ...{
          status: row.tracking_status,
          quiet: row.tracking_quiet,
          since: row.tracking_since.toISOString(),
        },
        events: await eventsOf(shipmentId),
      };
    },
    async record(shipmentId, { added, changes, status, at }, next) {
      const note = async (client: Pick<Pool, 'query'>): Promise<string | undefined> => {
        const { rows } = await client.query({
          name: 'record-tracking',
          text: `update shipments set tracking_status = $2, track_at = $3,
                   tracked_at = coalesce($4::timestamptz, tracked_at),
                   tracking_quiet = case when $5 then 0 else tracking_quiet + 1 end,
                   tracking_since = case when $5 then $6::timestamptz else tracking_since end
                 where id = $1 and status = 'booked' returning order_id`,
          values: [shipmentId, status, next ?? null, changes.at(-1)?.at ?? null, added.length > 0, at],
        });
        return rows[0]?.order_id;
      };
      // Most looks find nothing new.
      if (added.length === 0) return void (await note(pool));
      await withTransaction(pool, async (client) => {
        // The row is locked first: of what is said about one order, the order of writing is the order of sending.
        const orderId = await note(client);
        if (orderId === undefined) return;
        await client.query({
          name: 'add-tracking-events',
          text: `insert into tracking_events (shipment_id, at, code, status, description)
                 select $1, (one->>'at')::timestamptz, one->>'code', one->>'status', one->>'description'
                 from jsonb_array_elements($2::jsonb) as each(one) on conflict do nothing`,
          values: [shipmentId, JSON.stringify(added)],
        });
        await enqueueEvents(
          client,
          SHIPMENT_TOPIC,
          changes.map((event) => trackedMessage({ orderId, shipmentId }, event)),
        );
      });
    },
    async list(shipmentId, customerId) {
      const { rowCount } = await pool.query({
        name: 'is-own-shipment',
        text: 'select 1 from shipments where id = $1 and customer_id = $2',
        values: [shipmentId, customerId],
      });
      return rowCount === 0 ? undefined : eventsOf(shipmentId);
    },
  };
};
