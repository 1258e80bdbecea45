import { redactEvents } from '@platform/libs/eventstore';
import type { Pool } from '@platform/libs/postgres';
import type { ErasuresOptions } from '@platform/libs/privacy';
import type { PaymentView, PersonalData } from '../application/ports';
import { streamOf } from './events';

/** Everything kept about a customer. */
export const createPersonalData =
  (pool: Pool): PersonalData =>
  async (customerId) => {
    const { rows } = await pool.query<{ view: PaymentView; payment_method: string | null }>({
      name: 'personal-data',
      text: `select p.view, e.data->>'paymentMethod' as payment_method from payments p
             left join events e on e.stream = 'payment-' || p.id and e.version = 1
             where p.customer_id = $1 order by p.view->>'createdAt'`,
      values: [customerId],
    });
    return { payments: rows.map(({ view, payment_method }) => ({ ...view, paymentMethod: payment_method })) };
  };

/** Payments are kept for the books. One that has something to do keeps its customer until it is done. */
export const forgetCustomer: ErasuresOptions['forget'] = async (client, customerId, pseudonym) => {
  const { rows } = await client.query<{ id: string }>(
    'update payments set customer_id = $2 where customer_id = $1 and due_at is null returning id',
    [customerId, pseudonym],
  );
  for (const { id } of rows) {
    await redactEvents(client, streamOf(id), {
      customerId: pseudonym,
      paymentMethod: 'erased',
      fallbackMethod: 'erased',
    });
  }
  const open = await client.query('select 1 from payments where customer_id = $1 limit 1', [customerId]);
  return open.rowCount === 0;
};
