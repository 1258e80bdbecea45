import type { NewEvent, StoredEvent, Streams, TransactionalEventStore } from '@platform/libs/eventstore';
import { type CloudEvent, enqueueEvents } from '@platform/libs/messaging';
import { type Pool, together, withTransaction } from '@platform/libs/postgres';
import { answerKind, answerOf, SHIPMENT_TOPIC } from '../application/messages';
import type { Change, Label, ShipmentStore, ShipmentView, Transaction } from '../application/ports';
import { viewOf } from '../application/view';
import { foldShipment, initialShipment, type Shipment, type ShipmentEvent } from '../domain/shipment';
import { createLeases } from './leases';

/** Notified at commit when a shipment has something to do. */
export const DUE_CHANNEL = 'shipments_due';

const VERSION_SUFFIX = '.v1';
const toStored = ({ type, data }: ShipmentEvent): NewEvent => ({ type: `${type}${VERSION_SUFFIX}`, data });
const fromStored = ({ type, data }: StoredEvent) =>
  ({ type: type.slice(0, -VERSION_SUFFIX.length), data }) as ShipmentEvent;
export const streamOf = (shipmentId: string) => `shipment-${shipmentId}`;

/** A view with how far the parcel has got, as one JSON value. */
export const VIEW_WITH_TRACKING = `view || case when tracking_status is null then '{}'::jsonb else jsonb_build_object(
  'tracking', jsonb_build_object('status', tracking_status, 'at',
    to_char(tracked_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) end`;

export interface ShipmentStoreDeps {
  pool: Pool;
  events: TransactionalEventStore;
  /** How long after the purchase the parcel is looked for first. */
  firstLookMs: number;
}

/** Events, the customer's view, labels and the answer to the order, always written in one transaction. */
export const createShipmentStore = ({
  pool,
  events: store,
  firstLookMs,
}: ShipmentStoreDeps): ShipmentStore => {
  const historyOf = async (shipmentId: string, streams: Streams = store) =>
    (await streams.readStream(streamOf(shipmentId))).map(fromStored);

  const enqueue = (client: Transaction, message: CloudEvent | undefined) =>
    message ? enqueueEvents(client, SHIPMENT_TOPIC, [message]) : Promise.resolve();

  const saveView = (
    client: Transaction,
    shipment: Exclude<Shipment, { status: 'none' }>,
    view: ShipmentView,
  ) => {
    const trackAt =
      shipment.status === 'booked' ? new Date(Date.parse(view.updatedAt) + firstLookMs).toISOString() : null;
    return client.query({
      name: 'save-shipment-view',
      text: `with saved as (
               insert into shipments (id, order_id, customer_id, quote_id, status, view, due_at,
                 track_at, tracking_status, tracked_at, tracking_since)
               values ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz,
                 case when $8::timestamptz is null then null else 'label_created' end, $9, $9)
               on conflict (id) do update set status = excluded.status, view = excluded.view,
                 due_at = excluded.due_at, track_at = excluded.track_at, track_leased_until = null,
                 tracking_status = coalesce(shipments.tracking_status, excluded.tracking_status),
                 tracked_at = coalesce(shipments.tracked_at, excluded.tracked_at),
                 tracking_since = coalesce(shipments.tracking_since, excluded.tracking_since)
               returning due_at)
             select pg_notify('${DUE_CHANNEL}', '') from saved where due_at is not null`,
      values: [
        ...[view.id, view.orderId, shipment.customerId, shipment.quoteId || null, shipment.status],
        ...[JSON.stringify(view), 'dueAt' in shipment ? shipment.dueAt : null],
        ...[trackAt, trackAt && view.updatedAt],
      ],
    });
  };

  const saveLabels = async (client: Transaction, shipmentId: string, labels: Label[]) => {
    for (const { parcel, trackingNumber, mediaType, bytes } of labels) {
      await client.query({
        name: 'save-label',
        text: `insert into shipment_labels (shipment_id, parcel, tracking_number, media_type, bytes)
               values ($1, $2, $3, $4, $5)`,
        values: [shipmentId, parcel, trackingNumber, mediaType, bytes],
      });
    }
  };

  const change = async (
    client: Transaction,
    shipmentId: string,
    decide: (shipment: Shipment) => ShipmentEvent[],
    labels: Label[],
  ): Promise<Change> => {
    const streams = store.within(client);
    const history = await historyOf(shipmentId, streams);
    const before = foldShipment(history, initialShipment);
    const events = decide(before);
    const after = foldShipment(events, before);
    if (events.length > 0 && after.status !== 'none') {
      const at = events.at(-1)!.data.at;
      const createdAt = (history[0] ?? events[0]!).data.at;
      const bought = events.some(({ type }) => type === 'LabelBought');
      const id = `${shipmentId}-${history.length + events.length}`;
      await together(
        streams.append(streamOf(shipmentId), events.map(toStored), history.length),
        // Labels refer to the shipment's row.
        saveView(client, after, viewOf(after, { createdAt, updatedAt: at })),
        saveLabels(client, shipmentId, bought ? labels : []),
        enqueue(client, answerKind(after) === answerKind(before) ? undefined : answerOf(after, at, id)),
      );
    }
    return { before, after, events };
  };

  const findView = async (column: 'id' | 'order_id', value: string, customerId: string) => {
    const { rows } = await pool.query({
      name: `find-shipment-by-${column}`,
      text: `select ${VIEW_WITH_TRACKING} as view from shipments where ${column} = $1 and customer_id = $2`,
      values: [value, customerId],
    });
    return rows[0]?.view as ShipmentView | undefined;
  };

  return {
    ...createLeases(pool, 'booking'),
    load: async (shipmentId) => foldShipment(await historyOf(shipmentId)),
    change: (shipmentId, decide, { transaction, labels = [] } = {}) =>
      transaction
        ? change(transaction, shipmentId, decide, labels)
        : withTransaction(pool, (client) => change(client, shipmentId, decide, labels)),
    answerAgain: (shipment, at, transaction) => enqueue(transaction, answerOf(shipment, at)),
    async countUnresolved() {
      const { rows } = await pool.query({
        name: 'count-unresolved',
        text: `select count(*)::int as n from shipments where status in ('unresolved', 'void-refused')`,
      });
      return rows[0].n;
    },
    find: (shipmentId, customerId) => findView('id', shipmentId, customerId),
    findByOrder: (orderId, customerId) => findView('order_id', orderId, customerId),
    async findLabel(shipmentId, parcel, customerId) {
      const { rows } = await pool.query({
        name: 'find-label',
        text: `select l.* from shipment_labels l join shipments s on s.id = l.shipment_id
               where s.id = $1 and l.parcel = $2 and s.customer_id = $3 and s.status = 'booked'`,
        values: [shipmentId, parcel, customerId],
      });
      const [row] = rows;
      return (
        row && { parcel, trackingNumber: row.tracking_number, mediaType: row.media_type, bytes: row.bytes }
      );
    },
  };
};
