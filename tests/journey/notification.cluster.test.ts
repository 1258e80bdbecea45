// What a customer is told by mail, as the mail server got it.
import { Customer } from '../../cli/customer';
import { mailsTo } from './stand-ins';
import { until } from './until';

jest.setTimeout(180_000);

interface Notification {
  id: string;
  kind: string;
  orderId: string;
  status: string;
}

describe('a purchase through the front door', () => {
  const customer = new Customer(process.env.ECP_FRONT_DOOR as string);
  const listed = async () =>
    (await customer.call<{ items: Notification[] }>('GET', '/v1/notifications')).body.items;
  let orderId: string;
  beforeAll(async () => {
    await customer.register();
    const product = (await customer.products('?limit=50')).find(({ available }) => available > 5);
    const placed = await customer.placeOrder([{ productId: product!.id, quantity: 1 }], 'pm_card_visa');
    orderId = (await customer.settled(placed.id)).id;
  });

  it('is confirmed by exactly one mail to the address of the account', async () => {
    await until('the mail', async () => (await mailsTo(customer.email)).length > 0);
    await until('its record', async () => (await listed()).some(({ status }) => status === 'sent'));
    const [notification, ...more] = await listed();
    expect([notification?.kind, notification?.orderId, more]).toEqual(['order-confirmed', orderId, []]);
    expect(await mailsTo(customer.email)).toMatchObject([
      {
        ...{ to: [customer.email], subject: `Your order ${orderId} is confirmed` },
        messageId: expect.stringContaining(notification!.id),
        text: expect.stringContaining('Total: '),
      },
    ]);
  });

  it('is shown to nobody else', async () => {
    const stranger = new Customer(process.env.ECP_FRONT_DOOR as string);
    await stranger.register();
    const { body } = await stranger.call<{ items: Notification[] }>('GET', '/v1/notifications');
    expect(body.items).toEqual([]);
    expect((await fetch(`${process.env.ECP_FRONT_DOOR}/v1/notifications`)).status).toBe(401);
  });

  it('can be asked for with everything else the shop keeps, and no address is asked for from outside', async () => {
    const { body } = await customer.call<{ notification: { notifications: Notification[] } }>(
      ...(['GET', '/v1/users/me/personal-data'] as const),
    );
    expect(body.notification.notifications.map(({ orderId: id }) => id)).toContain(orderId);
    const { body: me } = await customer.call<{ id: string }>('GET', '/v1/users/me');
    expect((await customer.call('GET', `/v1/users/${me.id}/contact`)).status).toBe(403);
  });
});
