import type { Pool } from '@platform/libs/postgres';
import type { ErasuresOptions } from '@platform/libs/privacy';
import type { PersonalData } from '../application/ports';
import { toNotification } from './notificationStore';

/** Everything kept about a customer. */
export const createPersonalData =
  (pool: Pool): PersonalData =>
  async (customerId) => {
    const notifications = await pool.query({
      name: 'personal-notifications',
      text: 'select * from notifications where recipient = $1 order by created_at, id',
      values: [customerId],
    });
    const orders = await pool.query({
      name: 'personal-orders',
      text: 'select id, total from orders where customer_id = $1 order by id',
      values: [customerId],
    });
    return {
      notifications: notifications.rows.map(toNotification),
      orders: orders.rows.map(({ id, total }) => ({ orderId: id, ...(total && { total }) })),
    };
  };

/**
 * Nothing here has to be kept for anybody: what was sent goes, what waits is not sent. The order's id stays, without a tie to the person,
 * so that nothing is told about it later.
 */
export const forgetCustomer: ErasuresOptions['forget'] = async (client, customerId) => {
  const { rows } = await client.query<{ id: string }>(
    `update orders set forgotten = true, customer_id = null, total = null where customer_id = $1 returning id`,
    [customerId],
  );
  await client.query('delete from notifications where about = any($1)', [rows.map(({ id }) => id)]);
  await client.query('delete from notifications where recipient = $1', [customerId]);
  return true;
};
