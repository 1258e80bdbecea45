import { randomUUID } from 'node:crypto';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { sampleStock } from '@platform/libs/sample';
import { startPostgres, type TestPostgres } from '@platform/libs/testing';
import { createHarness, HOUR } from './inventory.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { seedStock } from './storage/seed';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(60_000);

let postgres: TestPostgres;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = createPool({ url: await postgres.createDatabase(), max: 20 });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK }, () => seedStock(pool, 100));
}, 120_000);
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
});

const types = (events: { type: string }[]) =>
  events.map(({ type }) => type.replace(/^inventory\.|\.v1$/g, ''));

describe('a reservation', () => {
  it('never promises more than there is, however many want the last units at once', async () => {
    const one = createHarness(pool);
    const [scarce, plenty] = [await one.stocked(7), await one.stocked(1000)];
    const orders = Array.from({ length: 60 }, () => randomUUID());
    await Promise.all(
      // Lines in both orders, which would deadlock if rows were locked as they come.
      orders.map((order, n) =>
        n % 2 === 0
          ? one.reserve(order, [scarce, 1], [plenty, 1])
          : one.reserve(order, [plenty, 1], [scarce, 1]),
      ),
    );
    const statuses = await Promise.all(orders.map(one.status));
    expect(statuses.filter((status) => status === 'reserved')).toHaveLength(7);
    expect(statuses.filter((status) => status === 'rejected')).toHaveLength(53);
    expect([await one.figures(scarce), await one.figures(plenty)]).toEqual([
      [7, 7],
      [1000, 7],
    ]);
  });

  it('is made once per order, also when the same order asks many times at once, and is answered each time', async () => {
    const one = createHarness(pool);
    const product = await one.stocked(10);
    const order = randomUUID();
    await Promise.all(Array.from({ length: 10 }, () => one.reserve(order, [product, 3])));
    expect(await one.figures(product)).toEqual([10, 3]);
    expect(types(await one.told(order))).toEqual(Array(10).fill('stock-reserved'));
  });

  it('takes all lines or none, and says which are short', async () => {
    const one = createHarness(pool);
    const [there, gone] = [await one.stocked(5), await one.stocked(0)];
    const order = randomUUID();
    await one.reserve(order, [there, 1], [gone, 1]);
    expect(await one.told(order)).toMatchObject([
      {
        type: 'inventory.stock-rejected.v1',
        data: { orderId: order, reason: 'out_of_stock', productIds: [gone] },
      },
    ]);
    expect(await one.figures(there)).toEqual([5, 0]);
  });

  it('is given back once, and an order that was released gets nothing later', async () => {
    const one = createHarness(pool);
    const product = await one.stocked(10);
    const [order, early] = [randomUUID(), randomUUID()];
    await one.reserve(order, [product, 4]);
    await Promise.all([one.reservations.release(order), one.reservations.release(order)]);
    expect(await one.figures(product)).toEqual([10, 0]);
    await one.reservations.release(early);
    await one.reserve(early, [product, 1]);
    expect((await one.told(early)).at(-1)).toMatchObject({
      type: 'inventory.stock-rejected.v1',
      data: { reason: 'already_released' },
    });
    expect(await one.figures(product)).toEqual([10, 0]);
  });

  it('becomes a sale when its order is confirmed, and does not end any more', async () => {
    const one = createHarness(pool);
    const product = await one.stocked(10);
    const order = randomUUID();
    await one.reserve(order, [product, 4]);
    await one.reservations.confirm(order);
    await one.reservations.confirm(order);
    one.wait(3 * HOUR);
    await one.reservations.expireDue();
    expect([await one.status(order), await one.figures(product)]).toEqual(['sold', [6, 0]]);
    expect(types(await one.told(order))).toEqual(['stock-reserved']);
    expect((await one.told(product)).map(({ data }) => data)).toEqual([
      { productId: product, previousStock: 0, currentStock: 10, available: 10, version: 1 },
      { productId: product, previousStock: 10, currentStock: 10, available: 6, version: 2 },
      { productId: product, previousStock: 10, currentStock: 6, available: 6, version: 3 },
    ]);
  });
});

describe('a reservation nobody decides about', () => {
  it('ends, is given back once although two instances look, and its order hears of it', async () => {
    const one = createHarness(pool);
    const product = await one.stocked(10);
    const order = randomUUID();
    await one.reserve(order, [product, 4]);
    one.wait(2 * HOUR - 1);
    await one.reservations.expireDue();
    expect(await one.figures(product)).toEqual([10, 4]);
    one.wait(1);
    await Promise.all([1, 2, 3].map(() => one.reservations.expireDue()));
    expect([await one.status(order), await one.figures(product)]).toEqual(['expired', [10, 0]]);
    expect(types(await one.told(order))).toEqual(['stock-reserved', 'stock-released']);
    expect(one.counted.expired).toBe(1);
    await one.reservations.release(order);
    expect(types(await one.told(order)).at(-1)).toBe('stock-released');
    expect(await one.figures(product)).toEqual([10, 0]);
  });

  it('and is confirmed after all is a sale of what is left, written down, counted and logged', async () => {
    const one = createHarness(pool);
    const [product, other] = [await one.stocked(5), await one.stocked(5)];
    const [late, next] = [randomUUID(), randomUUID()];
    await one.reserve(late, [product, 3], [other, 1]);
    one.wait(3 * HOUR);
    await one.reservations.expireDue();
    await one.reserve(next, [product, 4]);
    await one.reservations.confirm(late);
    await one.reservations.confirm(late);
    expect([await one.status(late), await one.figures(product), await one.figures(other)]).toEqual([
      ...['sold-late', [4, 4], [4, 0]],
    ]);
    expect((await one.short(late)).map(({ product_id, short }) => [product_id, short]).sort()).toEqual(
      [
        [other, 0],
        [product, 2],
      ].sort(),
    );
    expect(one.counted).toEqual({ expired: 1, late: 0, short: 1 });
    expect(one.lines.join('')).toContain('not all of its stock is left');
  });

  it('is found although others cannot be given back', async () => {
    const one = createHarness(pool);
    const product = await one.stocked(5);
    const [broken, fine] = [randomUUID(), randomUUID()];
    await one.reserve(broken, [await one.stocked(5), 1]);
    await one.reserve(fine, [product, 1]);
    // As if somebody had taken its item away by hand.
    await pool.query("update reservation_lines set product_id = 'gone' where order_id = $1", [broken]);
    one.wait(3 * HOUR);
    await one.reservations.expireDue();
    expect([await one.status(broken), await one.status(fine)]).toEqual(['reserved', 'expired']);
    await pool.query("update reservations set status = 'released', expires_at = null where order_id = $1", [
      broken,
    ]);
  });
});

it('an order of which only the confirmation comes is remembered and logged', async () => {
  const one = createHarness(pool);
  const order = randomUUID();
  await one.reservations.confirm(order);
  expect([await one.status(order), one.counted.late]).toEqual(['sold-late', 1]);
  expect(one.lines.join('')).toContain('"was":"unknown"');
});

it('little stock is told of once on the way down, and again only after there was more', async () => {
  const one = createHarness(pool);
  const product = await one.stocked(5, 3);
  const [first, second] = [randomUUID(), randomUUID()];
  const low = async () =>
    (await one.told(product)).filter(({ type }) => type === 'inventory.low-stock.v1').map(({ data }) => data);
  await one.reserve(first, [product, 2]);
  await one.reserve(second, [product, 1]);
  expect(await low()).toEqual([{ productId: product, available: 3, threshold: 3 }]);
  await one.reservations.release(first);
  await one.reservations.release(second);
  await one.reserve(randomUUID(), [product, 5]);
  expect((await low()).at(-1)).toEqual({ productId: product, available: 0, threshold: 3 });
  expect(await low()).toHaveLength(2);
});

it('nothing is changed or told when the transaction around it fails', async () => {
  const one = createHarness(pool);
  const product = await one.stocked(5);
  const order = randomUUID();
  const failing = one.inTransaction(async (client) => {
    await one.reservations.reserve(order, [{ productId: product, quantity: 1 }], { transaction: client });
    throw new Error('on the way');
  });
  await expect(failing).rejects.toThrow('on the way');
  expect([await one.status(order), await one.figures(product), await one.told(order)]).toEqual([
    ...[undefined, [5, 0], []],
  ]);
});

describe('the database', () => {
  it.each([
    ['less on hand than is held', 'update stock_items set stock = 1, held = 2'],
    ['less than nothing', 'update stock_items set stock = -1'],
    [
      'a reservation without an end',
      `insert into reservations (order_id, status) values (gen_random_uuid(), 'reserved')`,
    ],
  ])('does not take %s, whoever writes', async (_what, text) => {
    await expect(pool.query(text)).rejects.toMatchObject({ code: '23514' });
  });

  it('starts with the stock of the sample products, and keeps what is there', async () => {
    const stockOf = async (id: string) =>
      (await pool.query('select stock from stock_items where product_id = $1', [id])).rows[0].stock;
    expect(await stockOf('prd-00042')).toBe(sampleStock(42));
    await pool.query("update stock_items set stock = 1 where product_id = 'prd-00001'");
    await seedStock(pool, 2000);
    expect([await stockOf('prd-00001'), await stockOf('prd-02000')]).toEqual([1, sampleStock(2000)]);
  });
});
