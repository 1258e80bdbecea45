import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { PAYMENT_TOPIC, RESERVATION_TOPIC, SHIPMENT_TOPIC } from './application/messages';
import {
  asked,
  becomes,
  cart,
  get,
  heard,
  offered,
  patience,
  pool,
  post,
  service,
  startOrders,
  stopOrders,
  tell,
  tokens,
} from './order.fixtures';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);
beforeAll(startOrders, 90_000);
afterAll(stopOrders, 30_000);

describe('checkout over real Kafka and PostgreSQL', () => {
  it('confirms an order that is in stock and paid', async () => {
    const placed = await post({
      ...cart,
      items: [...cart.items, { productId: 'prd-00002', quantity: 1 }, ...cart.items],
    });
    expect(placed.status).toBe(202);
    const { id } = placed.body;
    expect(placed.headers.location).toBe(`/v1/orders/${id}`);
    expect(placed.body).toMatchObject({
      status: 'pending',
      items: [
        { productId: 'prd-00001', quantity: 4, unitPrice: { amount: 1999, currency: 'EUR' } },
        { productId: 'prd-00002', quantity: 1, unitPrice: { amount: 500, currency: 'EUR' } },
      ],
      total: { amount: 8496, currency: 'EUR' },
    });
    const reservation = await asked(id, 'order.stock-reservation-requested.v1');
    expect(reservation.data).toEqual({
      orderId: id,
      items: [
        { productId: 'prd-00001', quantity: 4 },
        { productId: 'prd-00002', quantity: 1 },
      ],
    });
    expect(JSON.stringify(await asked(id, 'order.placed.v1'))).not.toContain('pm_card');
    await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', { orderId: id }, 'same');
    await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', { orderId: id }, 'same');
    const payment = await asked(id, 'order.payment-authorisation-requested.v1');
    expect(payment.data).toEqual({
      orderId: id,
      customerId: 'c-1',
      amount: { amount: 8496, currency: 'EUR' },
      paymentMethod: 'pm_card_visa',
    });
    const paid = { orderId: id, paymentId: '0198c0de-0000-7000-8000-000000000001' };
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
    await asked(id, 'order.payment-capture-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.captured.v1', paid);
    await tell(PAYMENT_TOPIC, 'payment.declined.v1', { ...paid, reason: 'late' });
    expect(await becomes(id, 'confirmed')).toMatchObject({ paymentId: paid.paymentId });
    await asked(id, 'order.confirmed.v1');
    expect(
      heard.filter(
        (event) => event.subject === id && event.type === 'order.payment-authorisation-requested.v1',
      ),
    ).toHaveLength(1);
    const metrics = await request(service.app).get('/metrics');
    expect(metrics.text).toMatch(/^revenue_total\{.*currency="EUR".*\} 8496/m);
    expect(metrics.text).toMatch(/^orders_total\{.*status="confirmed".*\} 1/m);
  });

  it('gives the stock back before it cancels an order whose card was declined', async () => {
    const { id } = (await post()).body;
    await asked(id, 'order.stock-reservation-requested.v1');
    await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', { orderId: id });
    await asked(id, 'order.payment-authorisation-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.declined.v1', {
      orderId: id,
      paymentId: 'p',
      gateway: 'stripe',
      reason: 'x',
    });
    await asked(id, 'order.stock-release-requested.v1');
    expect((await get(`/v1/orders/${id}`)).body.status).toBe('pending');
    await tell(RESERVATION_TOPIC, 'inventory.stock-released.v1', { orderId: id });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'payment_declined' });
    expect((await asked(id, 'order.cancelled.v1')).data).toEqual({ orderId: id, reason: 'payment_declined' });
  });

  it('ships by the chosen offer, with the gateway and the fallback the customer named', async () => {
    const quoteId = offered();
    const fallback = { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' };
    const named = { ...cart, gateway: 'paypal', paymentMethod: 'vault_card_ok', fallback, quoteId };
    const { id } = (await post(named)).body;
    await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', { orderId: id });
    expect((await asked(id, 'order.payment-authorisation-requested.v1')).data).toMatchObject({
      ...{ gateway: 'paypal', paymentMethod: 'vault_card_ok', fallback },
      amount: { amount: 2 * 1999 + 700, currency: 'EUR' },
    });
    const paid = { orderId: id, paymentId: randomUUID() };
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
    expect((await asked(id, 'order.shipment-requested.v1')).data).toEqual({
      ...{ orderId: id, customerId: 'c-1', quoteId },
    });
    const shipment = {
      ...{ shipmentId: randomUUID(), carrier: 'ups', trackingNumber: '1Z', estimatedDelivery: null },
      cost: { amount: 700, currency: 'USD' },
    };
    await tell(SHIPMENT_TOPIC, 'shipment.booked.v1', { orderId: id, ...shipment });
    await asked(id, 'order.payment-capture-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.captured.v1', paid);
    expect(await becomes(id, 'confirmed')).toMatchObject({ shipment, paymentId: paid.paymentId });
  });

  it('undoes everything in reverse when the money cannot be taken after all', async () => {
    const { id } = (await post({ ...cart, quoteId: offered() })).body;
    const about = { orderId: id };
    const paid = { ...about, paymentId: randomUUID() };
    await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', about);
    // Of two topics at once either may come first, and nobody authorises what was not asked for.
    await asked(id, 'order.payment-authorisation-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
    await asked(id, 'order.shipment-requested.v1');
    await tell(SHIPMENT_TOPIC, 'shipment.booked.v1', {
      ...{ ...about, shipmentId: randomUUID(), carrier: 'ups', trackingNumber: '1Z' },
      ...{ estimatedDelivery: '2030-01-04', cost: { amount: 700, currency: 'USD' } },
    });
    await asked(id, 'order.payment-capture-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.capture-failed.v1', { ...paid, reason: 'expired' });
    await asked(id, 'order.shipment-cancellation-requested.v1');
    await tell(SHIPMENT_TOPIC, 'shipment.cancelled.v1', { ...about, shipmentId: randomUUID() });
    await asked(id, 'order.payment-void-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.voided.v1', paid);
    await asked(id, 'order.stock-release-requested.v1');
    expect((await get(`/v1/orders/${id}`)).body.status).toBe('pending');
    await tell(RESERVATION_TOPIC, 'inventory.stock-released.v1', about);
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'capture_failed' });
  });

  it('can be called off by its customer until the money is taken', async () => {
    const callOff = (id: string, customer = 'c-1') =>
      request(service.app)
        .post(`/v1/orders/${id}/cancellation`)
        .set('authorization', `Bearer ${tokens.token({ sub: customer })}`);
    const { id } = (await post()).body;
    expect((await callOff(id, 'c-2')).status).toBe(404);
    expect((await callOff(id)).status).toBe(202);
    expect((await callOff(id)).status).toBe(202);
    await asked(id, 'order.stock-release-requested.v1');
    await tell(RESERVATION_TOPIC, 'inventory.stock-released.v1', { orderId: id });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'customer_cancelled' });
    expect((await callOff(id)).status).toBe(202);

    const taken = (await post()).body.id;
    await tell(RESERVATION_TOPIC, 'inventory.stock-reserved.v1', { orderId: taken });
    await asked(taken, 'order.payment-authorisation-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', { orderId: taken, paymentId: randomUUID() });
    await asked(taken, 'order.payment-capture-requested.v1');
    const refused = await callOff(taken);
    expect([refused.status, refused.body.type]).toEqual([409, expect.stringContaining('order-is-paid')]);
  });

  it('finishes an order that a version before began with one question for authorisation and capture', async () => {
    const { id } = (await post()).body;
    await asked(id, 'order.stock-reservation-requested.v1');
    await pool.query(
      `insert into events (stream, version, type, data) values ($1, 3, 'PaymentRequested.v1', $2)`,
      [`order-${id}`, { attempt: 1, at: new Date().toISOString() }],
    );
    await tell(PAYMENT_TOPIC, 'payment.succeeded.v1', { orderId: id, paymentId: randomUUID() });
    await becomes(id, 'confirmed');
  });

  it('cancels an order that is out of stock', async () => {
    const { id } = (await post()).body;
    await tell(RESERVATION_TOPIC, 'inventory.stock-rejected.v1', {
      orderId: id,
      reason: 'out_of_stock',
      productIds: [],
    });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'out_of_stock' });
  });

  it('answers who prefers to wait once the order is settled', async () => {
    const { id } = (await post()).body;
    const hasty = await get(`/v1/orders/${id}`).set('prefer', 'respond-async, wait=0');
    expect(hasty.body.status).toBe('pending');
    expect(hasty.headers).not.toHaveProperty('preference-applied');
    const waiting = get(`/v1/orders/${id}`)
      .set('prefer', 'wait=900')
      .then((answer) => answer);
    await tell(RESERVATION_TOPIC, 'inventory.stock-rejected.v1', { orderId: id, productIds: [] });
    const { status, body, headers } = await waiting;
    expect([status, body.status, headers['preference-applied']]).toEqual([200, 'cancelled', 'wait=10']);
    // The wait is not counted among what the service took.
    const { text } = await request(service.app).get('/metrics');
    const sum = /^api_request_duration_sum\{.*route="\/v1\/orders\/:id".*\} ([\d.]+)/m.exec(text)?.[1];
    const count = /^api_request_duration_count\{.*route="\/v1\/orders\/:id".*\} (\d+)/m.exec(text)?.[1];
    expect(Number(sum) / Number(count)).toBeLessThan(1);
  });

  it('finds an order nobody answered, and asks for its stock back', async () => {
    const { id } = (await post()).body;
    const longAgo = new Date(Date.now() - 2 * patience.stockMs).toISOString();
    await pool.query(
      `update events set data = jsonb_set(data, '{at}', to_jsonb($2::text)) where stream = $1`,
      [`order-${id}`, longAgo],
    );
    await pool.query('update orders set due_at = $2 where id = $1', [id, longAgo]);
    await asked(id, 'order.stock-release-requested.v1');
    await tell(RESERVATION_TOPIC, 'inventory.stock-released.v1', { orderId: id });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'stock_timeout' });
  });
});
