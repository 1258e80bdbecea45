import { type CartItem, CartProblem, isUsable, type Line, type Money, type Offer, totalsOf } from './cart';

/** Why what is in the cart cannot be ordered as it was seen. */
export type Difference =
  | { kind: 'price_changed'; productId: string; was: Money; now: Money }
  | { kind: 'not_enough'; productId: string; wanted: number; available: number }
  | { kind: 'not_sold'; productId: string };

const same = (one: Money, other: Money) => one.amount === other.amount && one.currency === other.currency;

/** What differs between what was put into the cart and what can be had today, item by item. */
export const compare = (items: readonly CartItem[], offers: ReadonlyMap<string, Offer>): Difference[] =>
  items.flatMap(({ productId, quantity, unitPrice }): Difference[] => {
    const offer = offers.get(productId);
    if (!offer || !isUsable(offer.price)) return [{ kind: 'not_sold', productId }];
    return [
      ...(same(unitPrice, offer.price)
        ? []
        : [{ kind: 'price_changed' as const, productId, was: unitPrice, now: offer.price }]),
      ...(offer.available >= quantity
        ? []
        : [{ kind: 'not_enough' as const, productId, wanted: quantity, available: offer.available }]),
    ];
  });

/** The cart as it is seen today. What is not sold any more stays as it was, for its owner to take out. */
export const refresh = (items: readonly CartItem[], offers: ReadonlyMap<string, Offer>): CartItem[] =>
  items.map((item) => {
    const offer = offers.get(item.productId);
    if (!offer || !isUsable(offer.price)) return item;
    return { ...item, unitPrice: offer.price, available: offer.available };
  });

/** Whether all of `lines` is still in the cart, whatever else was put in. */
export const stillHolds = (items: readonly CartItem[], lines: readonly Line[]): boolean =>
  lines.every(({ productId, quantity }) =>
    items.some((item) => item.productId === productId && item.quantity >= quantity),
  );

/** What is to be ordered, and what it has to cost. @throws CartProblem when it cannot be one order */
export const toOrder = (items: readonly CartItem[]): { lines: Line[]; total: Money } => {
  const [total, ...others] = totalsOf(items);
  if (!total) throw new CartProblem('empty', 'The cart is empty: put something into it first.');
  if (others.length > 0) {
    const currencies = [total, ...others].map(({ currency }) => currency).join(' and ');
    throw new CartProblem(
      'mixed_currencies',
      `An order is in one currency, and the cart has products in ${currencies}. Take out those of all but one.`,
    );
  }
  return { lines: items.map(({ productId, quantity }) => ({ productId, quantity })), total };
};
