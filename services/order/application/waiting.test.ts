import type { OrderView } from './ports';
import { createWaiting } from './waiting';

const view = (status: OrderView['status']): OrderView => ({
  ...{ id: 'o-1', status, items: [], total: { amount: 1, currency: 'EUR' } },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
});
/** An order that is looked at, and how often it was. */
const orderOf = (status: OrderView['status']) => {
  const order = { status, looks: 0 };
  const look = async () => {
    order.looks++;
    return view(order.status);
  };
  return { order, look };
};
const tick = () => new Promise((resolve) => setImmediate(resolve));

test('who waits hears of the end when it comes, and is looked up once more', async () => {
  const waiting = createWaiting();
  const { order, look } = orderOf('pending');
  const heard = waiting.untilSettled('o-1', 60_000, look);
  await tick();
  waiting.wake('o-2');
  await tick();
  expect(order.looks).toBe(1);
  order.status = 'confirmed';
  waiting.wake('o-1');
  expect((await heard).order).toMatchObject({ status: 'confirmed' });
  expect(order.looks).toBe(2);
});

test('an end that comes while the order is looked at is not missed', async () => {
  const waiting = createWaiting();
  const { order, look } = orderOf('pending');
  const heard = waiting.untilSettled('o-1', 60_000, async () => {
    const found = await look();
    if (order.status === 'pending') {
      order.status = 'cancelled';
      waiting.wake('o-1');
    }
    return found;
  });
  expect((await heard).order).toMatchObject({ status: 'cancelled' });
});

test('who has waited long enough is told how it stands', async () => {
  const { look } = orderOf('pending');
  const { order, waitedMs } = await createWaiting().untilSettled('o-1', 20, look);
  expect(order).toMatchObject({ status: 'pending' });
  expect(waitedMs).toBeGreaterThanOrEqual(19);
});

test('nobody waits for what is settled, or is not there, or without having asked to', async () => {
  const waiting = createWaiting();
  const settled = orderOf('confirmed');
  expect(await waiting.untilSettled('o-1', 60_000, settled.look)).toMatchObject({ waitedMs: 0 });
  expect(await waiting.untilSettled('o-1', 60_000, async () => undefined)).toEqual({ waitedMs: 0 });
  expect(await waiting.untilSettled('o-1', 0, orderOf('pending').look)).toMatchObject({ waitedMs: 0 });
});

test('where too many wait already, the next is told how it stands', async () => {
  const waiting = createWaiting(undefined, 1);
  const first = orderOf('pending');
  const heard = waiting.untilSettled('o-1', 60_000, first.look);
  expect(await waiting.untilSettled('o-1', 60_000, orderOf('pending').look)).toMatchObject({ waitedMs: 0 });
  waiting.wake();
  await heard;
  const second = orderOf('pending');
  const again = waiting.untilSettled('o-1', 60_000, second.look);
  await tick();
  second.order.status = 'confirmed';
  waiting.wake('o-1');
  expect((await again).order).toMatchObject({ status: 'confirmed' });
});
