import fc from 'fast-check';
import {
  type CartItem,
  CartProblem,
  type Line,
  MAX_LINES,
  MAX_QUANTITY,
  type Offer,
  removeItem,
  setItem,
  takeOut,
  totalsOf,
} from './cart';
import { compare, refresh, stillHolds, toOrder } from './checkout';

const productId = fc.integer({ min: 0, max: 59 }).map((number) => `p-${number}`);
const price = fc.record({
  amount: fc.integer({ min: 1, max: 1_000_000_000_000 }),
  currency: fc.constantFrom('EUR', 'USD'),
});
const offer: fc.Arbitrary<Offer> = fc.record({ price, available: fc.integer({ min: 0, max: 200 }) });
const offers = fc.array(fc.tuple(productId, offer)).map((pairs) => new Map(pairs));
const perhaps: fc.Arbitrary<Offer | null> = fc.oneof(offer, fc.constant(null));
type Command = [id: string, quantity: number | 'out', what: Offer | null];
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(productId, fc.integer({ min: -1, max: 102 }), perhaps) },
  { weight: 1, arbitrary: fc.tuple(productId, fc.constant('out' as const), fc.constant(null)) },
);

const apply = (items: CartItem[], [id, quantity, what]: Command): CartItem[] => {
  if (quantity === 'out') return removeItem(items, id);
  try {
    return setItem(items, { productId: id, quantity }, what ?? undefined);
  } catch (error) {
    if (error instanceof CartProblem) return items;
    throw error;
  }
};
const cart = fc.array(command, { maxLength: 150 }).map((commands) => commands.reduce<CartItem[]>(apply, []));
const quantities = (lines: readonly Line[]) =>
  new Map(lines.map(({ productId: id, quantity }) => [id, quantity]));

describe('whatever is done to a cart', () => {
  it('it has each product once, within its limits, and totals that are exact', () => {
    fc.assert(
      fc.property(cart, (items) => {
        expect(new Set(items.map((item) => item.productId)).size).toBe(items.length);
        expect(items.length).toBeLessThanOrEqual(MAX_LINES);
        for (const { quantity } of items) expect(quantity >= 1 && quantity <= MAX_QUANTITY).toBe(true);
        for (const { amount, currency } of totalsOf(items)) {
          const exact = items
            .filter(({ unitPrice }) => unitPrice.currency === currency)
            .reduce((sum, one) => sum + BigInt(one.quantity) * BigInt(one.unitPrice.amount), 0n);
          expect(BigInt(amount)).toBe(exact);
        }
      }),
    );
  });

  it('doing it twice is doing it once', () => {
    fc.assert(
      fc.property(cart, command, (items, one) => {
        const after = apply(items, one);
        expect(apply(after, one)).toEqual(after);
      }),
    );
  });
});

describe('comparing a cart with what is offered', () => {
  it('says no price differs once the cart was refreshed, whatever changed', () => {
    fc.assert(
      fc.property(cart, offers, (items, today) => {
        const again = compare(refresh(items, today), today);
        expect(again.filter(({ kind }) => kind === 'price_changed')).toEqual([]);
      }),
    );
  });

  it('finds nothing exactly where every line can be had at the price seen', () => {
    fc.assert(
      fc.property(cart, offers, fc.boolean(), (items, today, sameOffers) => {
        const seen = sameOffers
          ? new Map(items.map((one) => [one.productId, { price: one.unitPrice, available: one.available }]))
          : today;
        const fits = items.every((one) => {
          const found = seen.get(one.productId);
          return (
            found !== undefined &&
            found.price.amount === one.unitPrice.amount &&
            found.price.currency === one.unitPrice.currency &&
            found.available >= one.quantity
          );
        });
        expect(compare(items, seen).length === 0).toBe(fits);
      }),
    );
  });

  it('never touches how many were wanted', () => {
    fc.assert(
      fc.property(cart, offers, (items, today) => {
        expect(quantities(refresh(items, today))).toEqual(quantities(items));
      }),
    );
  });
});

describe('taking out what was ordered', () => {
  it('leaves nothing of an unchanged cart, and what was put in beyond it of a changed one', () => {
    fc.assert(
      fc.property(cart, fc.array(command, { maxLength: 30 }), (items, meanwhile) => {
        expect(takeOut(items, items)).toEqual([]);
        const ordered = quantities(items);
        const now = meanwhile.reduce(apply, items);
        const left = quantities(takeOut(now, items));
        for (const { productId: id, quantity } of now) {
          expect(left.get(id) ?? 0).toBe(Math.max(0, quantity - (ordered.get(id) ?? 0)));
        }
      }),
    );
  });

  it('is all there is to do, exactly where all of it is still in the cart', () => {
    fc.assert(
      fc.property(cart, fc.array(command, { maxLength: 30 }), (items, meanwhile) => {
        expect(stillHolds(items, items)).toBe(true);
        const now = meanwhile.reduce(apply, items);
        const pieces = (lines: readonly Line[]) => lines.reduce((sum, { quantity }) => sum + quantity, 0);
        expect(stillHolds(now, items)).toBe(pieces(now) - pieces(takeOut(now, items)) === pieces(items));
      }),
    );
  });

  it('is of an order that costs what the cart said', () => {
    fc.assert(
      fc.property(cart, (items) => {
        const euros = items.filter(({ unitPrice }) => unitPrice.currency === 'EUR');
        fc.pre(euros.length > 0);
        const { lines, total } = toOrder(euros);
        expect(quantities(lines)).toEqual(quantities(euros));
        expect([total]).toEqual(totalsOf(euros));
      }),
    );
  });
});
