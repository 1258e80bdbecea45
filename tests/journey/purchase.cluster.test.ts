import { randomUUID } from 'node:crypto';
import { Customer, type Order } from '../../cli/customer';
import { askForQuotes, offersOf } from './quotes';

const address = process.env.ECP_FRONT_DOOR as string;
jest.setTimeout(180_000);

const registered = async () => {
  const customer = new Customer(address);
  await customer.register();
  return customer;
};

const bought = new Set<string>();

/** What a page shows of stock is up to 2 s old: each test buys what no other has touched. */
const inStock = async (customer: Customer) => {
  const product = (await customer.products('?limit=50')).find(
    ({ id, available }) => available >= 10 && !bought.has(id),
  );
  if (!product) throw new Error('the seeded catalogue has no product with ten in stock');
  bought.add(product.id);
  return product;
};

/** The reservation reaches the catalogue's caches within seconds. */
const eventually = async <T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    const value = await read();
    if (wanted(value) || attempt === 60) return value;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};

describe('a purchase through the front door', () => {
  it('is confirmed and takes what was bought out of stock', async () => {
    const customer = await registered();
    const product = await inStock(customer);
    const order = await customer.placeOrder([{ productId: product.id, quantity: 2 }], 'pm_card_visa');
    expect(order).toMatchObject({
      status: 'pending',
      total: { amount: product.price.amount * 2, currency: product.price.currency },
    });

    const settled = await customer.settled(order.id);
    expect(settled).toMatchObject({ id: order.id, status: 'confirmed', paymentId: expect.any(String) });
    const payments = await customer.call<{ items: object[] }>('GET', `/v1/payments?orderId=${order.id}`);
    expect(payments.body.items).toEqual([
      expect.objectContaining({
        orderId: order.id,
        status: 'succeeded',
        gateway: 'stripe',
        amount: order.total,
      }),
    ]);
    const after = await eventually(
      () => customer.product(product.id),
      ({ available }) => available === product.available - 2,
    );
    expect(after.available).toBe(product.available - 2);
  });

  it('shows customers what is available, and the stock behind it to staff only', async () => {
    const customer = await registered();
    const { id } = await inStock(customer);
    for (const path of [`/v1/inventory/${id}`, '/v1/inventory?lowStock=true'])
      expect((await customer.call('GET', path)).status).toBe(403);
    const count = { stock: 1000, threshold: 0 };
    expect((await customer.call('PUT', `/v1/inventory/${id}`, count, { 'if-match': '"1"' })).status).toBe(
      403,
    );
  });

  it('is cancelled when the card is declined, and the stock comes back', async () => {
    const customer = await registered();
    const product = await inStock(customer);
    const before = product.available;
    const order = await customer.placeOrder(
      [{ productId: product.id, quantity: 3 }],
      'pm_card_chargeDeclined',
    );
    expect(await customer.settled(order.id)).toMatchObject({
      status: 'cancelled',
      cancellationReason: 'payment_declined',
    });
    const after = await eventually(
      () => customer.product(product.id),
      ({ available }) => available === before,
    );
    expect(after.available).toBe(before);
  });

  it('is cancelled when there is not enough in stock, and no payment is tried', async () => {
    const customer = await registered();
    const [product] = (await customer.products('?limit=50')).sort((a, b) => a.available - b.available);
    const lines = Array.from({ length: Math.floor((product?.available ?? 0) / 100) + 1 }, () => ({
      productId: product?.id as string,
      quantity: 100,
    }));
    const order = await customer.placeOrder(lines.slice(0, 50), 'pm_card_visa').catch(() => undefined);
    if (!order) return expect(lines.length).toBeGreaterThan(1);
    expect(await customer.settled(order.id)).toMatchObject({
      status: 'cancelled',
      cancellationReason: 'out_of_stock',
    });
    const payments = await customer.call<{ items: object[] }>('GET', `/v1/payments?orderId=${order.id}`);
    expect(payments.body.items).toEqual([]);
  });

  it('is made once when the same request arrives twenty times', async () => {
    const customer = await registered();
    const product = await inStock(customer);
    const key = randomUUID();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        customer.call<Order>(
          'POST',
          '/v1/orders',
          { items: [{ productId: product.id, quantity: 1 }], paymentMethod: 'pm_card_visa' },
          { 'idempotency-key': key },
        ),
      ),
    );
    const accepted = replies.filter(({ status }) => status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    expect(new Set(accepted.map(({ body }) => body.id)).size).toBe(1);
    for (const { status } of replies) expect([202, 409]).toContain(status);
    const id = (accepted[0] as { body: Order }).body.id;
    await customer.settled(id);
    const orders = await customer.call<{ items: Order[] }>('GET', '/v1/orders');
    expect(orders.body.items.map((order) => order.id)).toEqual([id]);
    const payments = await customer.call<{ items: object[] }>('GET', `/v1/payments?orderId=${id}`);
    expect(payments.body.items).toHaveLength(1);
  });

  it("shows a customer's order to nobody else", async () => {
    const [owner, stranger] = await Promise.all([registered(), registered()]);
    const product = await inStock(owner);
    const order = await owner.placeOrder([{ productId: product.id, quantity: 1 }], 'pm_card_visa');
    expect((await stranger.call('GET', `/v1/orders/${order.id}`)).status).toBe(404);
    expect((await new Customer(address).call('GET', `/v1/orders/${order.id}`)).status).toBe(401);
  });
});

describe('shipping through the front door', () => {
  it('is offered by four carriers, to whoever asked', async () => {
    const [owner, stranger] = await Promise.all([registered(), registered()]);
    const { status, body } = await askForQuotes(owner);
    expect([status, body.failures]).toEqual([201, []]);
    const carriers = offersOf(body).map(({ carrier }) => carrier);
    expect([...new Set(carriers)].sort()).toEqual(['dhl', 'fedex', 'ups', 'usps']);
    expect((await owner.call('GET', `/v1/shipping/quotes/${body.id}`)).status).toBe(200);
    expect((await stranger.call('GET', `/v1/shipping/quotes/${body.id}`)).status).toBe(404);
  });
});

describe('bad input at the front door', () => {
  const problem = (status: number) => ({ status, type: expect.any(String), title: expect.any(String) });
  const order = (quantity: unknown) => ({
    items: [{ productId: 'prd-00001', quantity }],
    paymentMethod: 'pm_card_visa',
  });

  it.each([
    ['a quantity that is no number', order('many'), 400],
    ['a quantity of nothing', order(0), 400],
    ['half a quantity', order(1.5), 400],
    ['an unknown field', { ...order(1), coupon: 'FREE' }, 400],
    ['no items', { items: [], paymentMethod: 'pm_card_visa' }, 400],
    ['a body that is no JSON', '{"items": [', 400],
    ['a body of 10 MB', 'x'.repeat(10 * 2 ** 20), 413],
  ])('%s is refused with a clear problem', async (_name, body, status) => {
    const customer = await registered();
    const reply = await customer.call('POST', '/v1/orders', body, {
      'idempotency-key': randomUUID(),
      'content-type': 'application/json',
    });
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(reply.body).toMatchObject(problem(status));
    expect((await customer.call<{ items: unknown[] }>('GET', '/v1/orders')).body.items).toEqual([]);
  });

  it('an order without an idempotency key is refused', async () => {
    const customer = await registered();
    expect((await customer.call('POST', '/v1/orders', order(1))).body).toMatchObject(problem(400));
  });

  it.each(['not-a-token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'])(
    'the token %s is refused',
    async (token) => {
      const reply = await new Customer(address).call('GET', '/v1/users/me', undefined, {
        authorization: `Bearer ${token}`,
      });
      expect(reply.body).toMatchObject(problem(401));
    },
  );

  it('an address that does not exist is a problem, not a page', async () => {
    expect((await new Customer(address).call('GET', '/v1/products/nothing-like-it')).body).toMatchObject(
      problem(404),
    );
  });
});
