import type { Pool } from '@platform/libs/postgres';
import type { Due, Notification, NotificationStore, Transaction } from '../application/ports';
import { type Draft, type KnownOrder, pointless, STAFF, sendable } from '../domain/notification';

/** Notified at commit when there is something to send. */
export const DUE_CHANNEL = 'notifications_due';

// biome-ignore lint/suspicious/noExplicitAny: a row of the table
const newsOf = (row: any) => ({ kind: row.kind, data: row.data }) as Notification['news'];

// biome-ignore lint/suspicious/noExplicitAny: a row of the table
export const toNotification = (row: any): Notification => ({
  ...{ id: row.id, channel: row.channel, recipient: row.recipient, status: row.status },
  ...{ attempts: row.attempts, createdAt: row.created_at.toISOString() },
  news: newsOf(row),
  ...(row.status !== 'sent' && row.reason && { reason: row.reason }),
  ...(row.sent_at && { sentAt: row.sent_at.toISOString() }),
});

const notify = `pg_notify('${DUE_CHANNEL}', '')`;

export const createNotificationStore = (pool: Pool): NotificationStore => {
  const add = (
    client: Transaction,
    all: Draft[],
    { recipient, about, at, due }: { recipient?: string; about?: string; at: string; due?: string },
  ) => {
    const rows = all.map(({ id, channel, news: { kind, data } }) => ({ id, channel, kind, data }));
    return client.query({
      name: 'add-notifications',
      text: `with added as (
               insert into notifications (id, kind, about, recipient, channel, data, created_at, due_at)
               select (one->>'id')::uuid, one->>'kind', coalesce($2, one->'data'->>'productId'), $3,
                 one->>'channel', one->'data', $4, $5
               from jsonb_array_elements($1::jsonb) as each(one) on conflict do nothing returning due_at)
             select ${notify} from added where due_at is not null limit 1`,
      values: [JSON.stringify(rows), about ?? null, recipient ?? null, at, due ?? null],
    });
  };

  return {
    async tell(orderId, { facts = {}, drafts, at }, client) {
      // The row, made if need be and locked by the update, puts in line what comes from several topics about one order.
      await client.query({
        name: 'see-order',
        text: 'insert into orders (id, seen_at) values ($1, $2) on conflict do nothing',
        values: [orderId, at],
      });
      const { rows } = await client.query({
        name: 'note-order',
        text: `update orders set customer_id = coalesce(customer_id, $2), total = coalesce(total, $3),
                 state = coalesce($4, state)
               where id = $1 and not forgotten returning customer_id, state`,
        values: [
          ...[orderId, facts.customerId ?? null, facts.total ? JSON.stringify(facts.total) : null],
          facts.state ?? null,
        ],
      });
      if (!rows[0]) return;
      const order: KnownOrder = { customerId: rows[0].customer_id ?? undefined, state: rows[0].state };
      if (drafts.length > 0) await add(client, drafts, { about: orderId, at });
      const dropped = pointless(order);
      if (dropped.length > 0) {
        await client.query({
          name: 'drop-pointless',
          text: `delete from notifications where about = $1 and status = 'pending' and kind = any($2)`,
          values: [orderId, dropped],
        });
      }
      const released = sendable(order);
      if (released.length === 0) return;
      await client.query({
        name: 'release-notifications',
        text: `with released as (
                 update notifications n set recipient = o.customer_id, due_at = $3,
                   data = case when n.kind = 'order-confirmed' and o.total is not null
                     then n.data || jsonb_build_object('total', o.total) else n.data end
                 from orders o where o.id = $1 and n.about = $1::text and n.status = 'pending'
                   and n.due_at is null and n.kind = any($2) returning 1)
               select ${notify} from released limit 1`,
        values: [orderId, released, at],
      });
    },
    async tellStaff(drafts, at, client) {
      if (drafts.length > 0) await add(client, drafts, { recipient: STAFF, at, due: at });
    },
    async claimDue(now, leaseUntil, limit) {
      const { rows } = await pool.query({
        name: 'claim-due',
        text: `update notifications set leased_until = $2 where id in (
                 select id from notifications where due_at <= $1 and (leased_until is null or leased_until <= $1)
                 order by due_at limit $3 for update skip locked)
               returning *`,
        values: [now, leaseUntil, limit],
      });
      return rows.map(
        (row): Due => ({
          ...{ id: row.id, channel: row.channel, recipient: row.recipient, attempts: row.attempts },
          ...{ createdAt: row.created_at.toISOString(), news: newsOf(row) },
        }),
      );
    },
    async record(id, attempt, step, at) {
      const due = step.status === 'pending' ? new Date(Date.parse(at) + step.pauseMs).toISOString() : null;
      await pool.query({
        name: 'record-attempt',
        text: `update notifications set attempts = $2, status = $3, reason = $4, due_at = $5, leased_until = null,
                 sent_at = $6
               where id = $1 and status = 'pending' and attempts = $2 - 1`,
        values: [
          ...[id, attempt, step.status, 'reason' in step ? step.reason : null, due],
          step.status === 'sent' ? at : null,
        ],
      });
    },
    async list(customerId, limit, before) {
      const { rows } = await pool.query({
        name: 'list-notifications',
        text: `select * from notifications n where recipient = $1 and ($2::uuid is null or (created_at, id) < (
                 select created_at, id from notifications where id = $2 and recipient = $1))
               order by created_at desc, id desc limit $3`,
        values: [customerId, before ?? null, limit],
      });
      return rows.map(toNotification);
    },
    async prune(before) {
      await pool.query('delete from notifications where created_at < $1', [before]);
      await pool.query('delete from orders where seen_at < $1', [before]);
    },
  };
};
