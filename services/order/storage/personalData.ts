import { redactEvents } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import type { ErasuresOptions } from '@platform/libs/privacy';
import type { OrderView, PersonalData } from '../application/ports';
import { streamOf } from './orderStore';

/** Everything kept about a customer. */
export const createPersonalData =
  (pool: Pool): PersonalData =>
  async (customerId) => {
    const { rows } = await pool.query<{ view: OrderView; payment_method: string | null }>({
      name: 'personal-data',
      text: `select o.view, e.data->>'paymentMethod' as payment_method from orders o
             left join events e on e.stream = 'order-' || o.id and e.version = 1
             where o.customer_id = $1 order by o.id`,
      values: [customerId],
    });
    return { orders: rows.map(({ view, payment_method }) => ({ ...view, paymentMethod: payment_method })) };
  };

/** Orders are kept for the books. One that is still open keeps its customer until it is decided. */
export const forgetCustomer: ErasuresOptions['forget'] = async (client, customerId, pseudonym) => {
  const { rows } = await client.query<{ id: string }>(
    `update orders set customer_id = $2 where customer_id = $1 and status <> 'pending' returning id`,
    [customerId, pseudonym],
  );
  for (const { id } of rows) {
    await redactEvents(client, streamOf(id), {
      ...{ customerId: pseudonym, paymentMethod: 'erased' },
      fallback: { gateway: 'erased', paymentMethod: 'erased' },
    });
  }
  await client.query('delete from placements where customer_id = $1', [customerId]);
  const open = await client.query('select 1 from orders where customer_id = $1 limit 1', [customerId]);
  return open.rowCount === 0;
};
