import fc from 'fast-check';
import type { PositionedEvent, TransactionalEventStore } from './store';
import { demandAnEnd, type Upcasts, upcast, withUpcasts } from './upcast';

const upcasts: Upcasts = {
  'price.set.v1': {
    to: 'price.set.v2',
    data: ({ cents }: { cents: number }) => ({ amount: cents, currency: 'EUR' }),
  },
  'price.set.v2': {
    to: 'price.set.v3',
    data: ({ amount, currency }: { amount: number; currency: string }) => ({ price: { amount, currency } }),
  },
};

test('brings an old event to the newest version, step by step, and leaves the rest of it alone', () => {
  const old = { type: 'price.set.v1', data: { cents: 1999 }, version: 4, metadata: { by: 'someone' } };
  expect(upcast(upcasts, old)).toEqual({
    ...{ type: 'price.set.v3', version: 4, metadata: { by: 'someone' } },
    data: { price: { amount: 1999, currency: 'EUR' } },
  });
  expect(old).toEqual({
    type: 'price.set.v1',
    data: { cents: 1999 },
    version: 4,
    metadata: { by: 'someone' },
  });
});

test('gives the same for an event whichever version it was written in', () => {
  fc.assert(
    fc.property(fc.integer(), (cents) => {
      const first = upcast(upcasts, { type: 'price.set.v1', data: { cents } });
      const second = upcast(upcasts, { type: 'price.set.v2', data: { amount: cents, currency: 'EUR' } });
      expect(second).toEqual(first);
      expect(upcast(upcasts, first)).toBe(first);
    }),
  );
});

test('takes no event for one that has an upcast because of its name', () => {
  const event = { type: 'constructor', data: {} };
  expect(upcast(upcasts, event)).toBe(event);
});

test('refuses upcasts that go round', () => {
  const data = (old: unknown) => old;
  expect(() => demandAnEnd({ 'a.v1': { to: 'a.v2', data }, 'a.v2': { to: 'a.v1', data } })).toThrow(
    /never come to an end/,
  );
  expect(() => demandAnEnd(upcasts)).not.toThrow();
});

test('every way to read a store gives the newest version', async () => {
  const stored = { type: 'price.set.v1', data: { cents: 5 }, stream: 's', version: 1, position: '1:1' };
  const events = async () => [stored as unknown as PositionedEvent];
  const streams = { append: async () => 1, readStream: events };
  const inner = { ...streams, readAll: events, watch: jest.fn(), within: () => streams };
  const store = withUpcasts(inner as TransactionalEventStore, upcasts);
  const newest = { type: 'price.set.v3', data: { price: { amount: 5, currency: 'EUR' } } };
  expect(await store.readStream('s')).toMatchObject([newest]);
  expect(await store.readAll('0:0', 10)).toMatchObject([newest]);
  expect(await store.within({} as never).readStream('s')).toMatchObject([newest]);
});
