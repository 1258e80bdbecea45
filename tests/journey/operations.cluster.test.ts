import { Customer } from '../../cli/customer';
import type { Reconciliation } from '../../cli/reconciliation';
import { embedded, platform } from './platform';

jest.setTimeout(240_000);

const today = () => new Date().toISOString().slice(0, 10);

/** What a command of an operator prints as JSON. */
const ask = async (...args: string[]) => {
  const { status, stdout, stderr } = await platform([...args, ...embedded, '--json']);
  if (status !== 0) throw new Error(`platform ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
};

describe('an operator', () => {
  const customer = new Customer(process.env.ECP_FRONT_DOOR as string);
  let orderId: string;
  beforeAll(async () => {
    await customer.register();
    const [product] = (await customer.products('?limit=50')).filter(({ available }) => available >= 10);
    const order = await customer.placeOrder([{ productId: product!.id, quantity: 1 }], 'pm_card_visa');
    orderId = order.id;
    expect(await customer.settled(orderId)).toMatchObject({ status: 'confirmed' });
  });

  it('reads the whole story of an order, in the order in which it happened', async () => {
    const { status, stdout, stderr } = await platform(['order', 'trace', orderId, ...embedded]);
    expect([status, stderr]).toEqual([0, '']);
    const steps = [
      'order OrderPlaced.v1',
      'order StockReservationRequested.v1',
      'payment PaymentStarted.v1',
      'payment PaymentCaptured.v1',
      'order OrderConfirmed.v1',
    ];
    const told = stdout.split('\n').map((line) => line.split(/\s+/).slice(1, 3).join(' '));
    expect(told.filter((step) => steps.includes(step))).toEqual(steps);
    expect(stdout).not.toContain('! ');
  });

  it('is told that nothing is known of an order that never was', async () => {
    const { status, stderr } = await platform([
      ...['order', 'trace', '00000000-0000-4000-8000-000000000000'],
      ...embedded,
    ]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('Nothing is known of order');
  });

  it('sees what was sold today', async () => {
    const days: { day: string; confirmed: number; revenue: number }[] = await ask('order', 'sales');
    const sold = days.filter(({ day }) => day === today());
    expect(sold.reduce((sum, { confirmed }) => sum + confirmed, 0)).toBeGreaterThan(0);
    expect(sold.reduce((sum, { revenue }) => sum + revenue, 0)).toBeGreaterThan(0);
  });

  it('finds that the ledger balances, and the gateway of one mind with it about the order', async () => {
    const { body } = await customer.call<{ items: { id: string }[] }>(
      'GET',
      `/v1/payments?orderId=${orderId}`,
    );
    const paymentId = body.items[0]?.id;
    // Ends with 2 where the sandbox was restarted since somebody else's payment, and forgot it.
    const { stdout } = await platform([
      ...['payments', 'reconcile', '--date', today(), '--json'],
      ...embedded,
    ]);
    const { gateways, unbalanced }: Reconciliation = JSON.parse(stdout);
    expect(unbalanced).toEqual([]);
    expect(gateways.map(({ gateway }) => gateway).sort()).toEqual(['paypal', 'square', 'stripe']);
    expect(gateways.filter(({ error }) => error !== undefined)).toEqual([]);
    const { movements, differences } = gateways.find(({ gateway }) => gateway === 'stripe')!;
    expect(movements).toBeGreaterThan(0);
    expect(differences.filter((one) => one.paymentId === paymentId)).toEqual([]);
  });

  it('sees no dead letter that waits', async () => {
    const letters: Record<string, { handled: boolean }[]> = await ask('events', 'dead-letters', 'list');
    expect(Object.keys(letters)).toEqual(expect.arrayContaining(['order', 'payment']));
    expect(
      Object.values(letters)
        .flat()
        .filter(({ handled }) => !handled),
    ).toEqual([]);
  });
});
