import type { Pool } from '@platform/libs/postgres';
import type { ErasuresOptions } from '@platform/libs/privacy';
import type { PersonalData } from '../application/ports';
import type { CartItem } from '../domain/cart';

/** Everything kept about a customer. */
export const createPersonalData =
  (pool: Pool): PersonalData =>
  async (customerId) => {
    const carts = await pool.query<{ items: CartItem[]; touched_at: Date }>({
      name: 'personal-cart',
      text: 'select items, touched_at from carts where customer_id = $1',
      values: [customerId],
    });
    const checkouts = await pool.query<{ order_id: string | null; payment: string | null; created_at: Date }>(
      {
        name: 'personal-checkouts',
        text: `select answer->>'id' as order_id, request->>'paymentMethod' as payment, created_at
               from checkouts where customer_id = $1 order by created_at`,
        values: [customerId],
      },
    );
    const [cart] = carts.rows;
    return {
      cart: cart ? { items: cart.items, touchedAt: cart.touched_at.toISOString() } : null,
      checkouts: checkouts.rows.map(({ order_id, payment, created_at }) => ({
        ...{ orderId: order_id, paymentMethod: payment, createdAt: created_at.toISOString() },
      })),
    };
  };

/** Nobody has to keep a cart: it goes, and its checkouts with it. What was ordered is the order service's. */
export const forgetCustomer: ErasuresOptions['forget'] = async (client, customerId) => {
  await client.query('delete from carts where customer_id = $1', [customerId]);
  return true;
};
