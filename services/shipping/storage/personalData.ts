import { redactEvents } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import type { ErasuresOptions } from '@platform/libs/privacy';
import type { PersonalData } from '../application/ports';
import { streamOf, VIEW_WITH_TRACKING } from './shipmentStore';

/** Everything kept about a customer. */
export const createPersonalData =
  (pool: Pool): PersonalData =>
  async (customerId) => {
    const shipments = await pool.query({
      name: 'personal-shipments',
      text: `select ${VIEW_WITH_TRACKING} as view from shipments where customer_id = $1 order by view->>'createdAt'`,
      values: [customerId],
    });
    const quotes = await pool.query({
      name: 'personal-quotes',
      text: `select id, address, answer->>'createdAt' as "createdAt" from quote_requests
             where customer_id = $1 order by id`,
      values: [customerId],
    });
    return { shipments: shipments.rows.map(({ view }) => view), quotes: quotes.rows };
  };

/**
 * Shipments are kept for the books; addresses and labels are not. One that has something to do, or whose label may still be needed because
 * the parcel has not left, keeps them until then, for 30 days at most.
 */
export const forgetCustomer: ErasuresOptions['forget'] = async (client, customerId, pseudonym) => {
  const { rows } = await client.query<{ id: string }>(
    `update shipments set customer_id = $2 where customer_id = $1 and due_at is null
       and not (status = 'booked' and tracking_status = 'label_created'
         and (view->>'updatedAt')::timestamptz > now() - interval '30 days')
     returning id`,
    [customerId, pseudonym],
  );
  for (const { id } of rows) {
    await redactEvents(client, streamOf(id), { customerId: pseudonym });
    await client.query('delete from shipment_labels where shipment_id = $1', [id]);
  }
  const needed = `select 1 from quotes q join shipments s on s.quote_id = q.id where q.request_id = r.id and s.customer_id = $1`;
  await client.query(`delete from quote_requests r where customer_id = $1 and not exists (${needed})`, [
    customerId,
  ]);
  const open = await client.query('select 1 from shipments where customer_id = $1 limit 1', [customerId]);
  return open.rowCount === 0;
};
