import fc from 'fast-check';

const service = (name: string) => ({ app: `${name}-service`, container: 'service' });

/** What is killed: a container by the label of its pod. Every service is among them, and what they keep things in. */
export const targets = {
  order: service('order'),
  inventory: service('inventory'),
  product: service('product'),
  payment: service('payment'),
  shipping: service('shipping'),
  notification: service('notification'),
  cart: service('cart'),
  user: service('user'),
  broker: { app: 'kafka', container: 'kafka' },
  database: { app: 'postgres', container: 'postgres' },
} as const;
export type Target = keyof typeof targets;

export interface Checkout {
  /** Milliseconds after the start. */
  at: number;
  /** Index into the products that are on sale. */
  product: number;
  quantity: number;
  paymentMethod: 'pm_card_visa' | 'pm_card_chargeDeclined';
  /** Index into the carriers' offers; none where nothing is shipped. */
  offer?: number;
}

export interface Plan {
  checkouts: Checkout[];
  kills: { at: number; target: Target }[];
}

export const productsOnSale = 5;
export const offers = 4;
const msPerCheckout = 1_500;
/** A container that dies again before it has lived for a while is started later each time. */
const checkoutsPerKill = 20;

/** The same plan for the same seed. Each target dies at least once, and once more for every further twenty checkouts. */
export const planOf = (seed: number, count: number): Plan => {
  const length = count * msPerCheckout;
  const times = Math.ceil(count / checkoutsPerKill / 3);
  const at = fc.integer({ min: 0, max: length });
  const checkout = fc.record<Checkout>({
    at,
    product: fc.nat(productsOnSale - 1),
    quantity: fc.integer({ min: 1, max: 3 }),
    paymentMethod: fc.oneof(
      { weight: 4, arbitrary: fc.constant('pm_card_visa' as const) },
      { weight: 1, arbitrary: fc.constant('pm_card_chargeDeclined' as const) },
    ),
    offer: fc.option(fc.nat(offers - 1), { nil: undefined, freq: 1 }),
  });
  const names = Object.keys(targets) as Target[];
  const plan = fc.record({
    checkouts: fc.array(checkout, { minLength: count, maxLength: count, size: 'max' }),
    kills: fc.tuple(
      ...names.flatMap((target) =>
        Array.from({ length: times }, () => fc.record({ at, target: fc.constant(target) })),
      ),
    ),
  });
  const [{ checkouts, kills }] = fc.sample(plan, { seed, numRuns: 1 }) as [Plan];
  const inTime = <T extends { at: number }>(list: T[]) => [...list].sort((a, b) => a.at - b.at);
  return { checkouts: inTime(checkouts), kills: inTime(kills) };
};
