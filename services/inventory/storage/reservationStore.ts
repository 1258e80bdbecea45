import { enqueueEvents } from '@platform/libs/messaging';
import { type Pool, together, withTransaction } from '@platform/libs/postgres';
import { answerMessage, RESERVATION_TOPIC } from '../application/messages';
import type { Applied, ReservationStore, Transaction } from '../application/ports';
import {
  type Command,
  decide,
  productsOf,
  type Rejection,
  type Reservation,
  type SoldLine,
} from '../domain/reservation';
import { lockItems, saveChanges } from './items';
import { MIGRATION_LOCK } from './migrations';

interface Row {
  status: Reservation['status'];
  reason: Rejection | null;
  product_ids: string[];
  expires_at: Date | null;
  lines: { productId: string; quantity: number; short: number }[] | null;
}

const toReservation = (row: Row): Reservation => {
  const lines = (row.lines ?? []).map(
    ({ short, ...line }): SoldLine => ({ ...line, ...(short > 0 && { short }) }),
  );
  switch (row.status) {
    case 'rejected':
      return { status: 'rejected', reason: row.reason!, productIds: row.product_ids };
    case 'reserved':
      return { status: 'reserved', lines, expiresAt: row.expires_at!.toISOString() };
    default:
      return { status: row.status, lines };
  }
};

export const createReservationStore = (pool: Pool): ReservationStore => {
  const find = async (client: Transaction, orderId: string): Promise<Reservation | undefined> => {
    // There may be no row to lock yet, so the order itself is locked until the transaction ends.
    const lock = client.query({
      name: 'lock-order',
      text: 'select pg_advisory_xact_lock(hashtextextended($1, $2))',
      values: [orderId, MIGRATION_LOCK],
    });
    const reservation = client.query<Row>({
      name: 'find-reservation',
      text: `select status, reason, product_ids, expires_at,
               (select jsonb_agg(jsonb_build_object('productId', product_id, 'quantity', quantity, 'short', short)
                  order by product_id)
                from reservation_lines line where line.order_id = reservations.order_id) as lines
             from reservations where order_id = $1`,
      values: [orderId],
    });
    const [, { rows }] = await together(lock, reservation);
    return rows[0] && toReservation(rows[0]);
  };

  const save = (client: Transaction, orderId: string, reservation: Reservation) =>
    together(saveState(client, orderId, reservation), saveLines(client, orderId, reservation));

  const saveState = async (client: Transaction, orderId: string, reservation: Reservation) => {
    const rejected = reservation.status === 'rejected' ? reservation : undefined;
    await client.query({
      name: 'save-reservation',
      text: `insert into reservations (order_id, status, reason, product_ids, expires_at)
             values ($1, $2, $3, $4, $5)
             on conflict (order_id) do update set status = excluded.status, reason = excluded.reason,
               product_ids = excluded.product_ids, expires_at = excluded.expires_at, updated_at = now()`,
      values: [
        orderId,
        reservation.status,
        rejected?.reason ?? null,
        rejected?.productIds ?? [],
        reservation.status === 'reserved' ? reservation.expiresAt : null,
      ],
    });
  };

  const saveLines = async (client: Transaction, orderId: string, reservation: Reservation) => {
    // Lines are written once; a late sale adds what was short.
    if (reservation.status !== 'reserved' && reservation.status !== 'sold-late') return;
    const lines: SoldLine[] = reservation.lines;
    await client.query({
      name: 'save-reservation-lines',
      text: `insert into reservation_lines (order_id, product_id, quantity, short)
             select $1, * from unnest($2::text[], $3::int[], $4::int[])
             on conflict (order_id, product_id) do update set short = excluded.short`,
      values: [
        orderId,
        lines.map(({ productId }) => productId),
        lines.map(({ quantity }) => quantity),
        lines.map(({ short = 0 }) => short),
      ],
    });
  };

  const apply = async (
    client: Transaction,
    orderId: string,
    command: Command,
    traceparent?: string,
  ): Promise<Applied> => {
    const before = await find(client, orderId);
    const items = await lockItems(client, productsOf(command, before));
    const decision = decide(command, before, items);
    const answers = decision.answer ? [answerMessage(orderId, decision.answer, traceparent)] : [];
    await together(
      saveChanges(client, decision.changes, traceparent),
      decision.reservation && save(client, orderId, decision.reservation),
      enqueueEvents(client, RESERVATION_TOPIC, answers),
    );
    return { before, decision };
  };

  return {
    apply: (orderId, command, { transaction, traceparent } = {}) =>
      transaction
        ? apply(transaction, orderId, command, traceparent)
        : withTransaction(pool, (client) => apply(client, orderId, command, traceparent)),
    async findExpired(now, limit) {
      const { rows } = await pool.query({
        name: 'find-expired-reservations',
        text: `select order_id from reservations where status = 'reserved' and expires_at <= $1
               order by expires_at limit $2`,
        values: [now, limit],
      });
      return rows.map((row) => row.order_id as string);
    },
  };
};
