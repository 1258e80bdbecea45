import { fingerprint, IdempotencyKeyReused } from '@platform/libs/idempotency';
import type { Cart } from '../domain/cart';
import { compare, refresh, stillHolds, toOrder } from '../domain/checkout';
import { type Precondition, withItems } from './editing';
import { orderKeyOf } from './ids';
import {
  AlreadyCheckedOut,
  CartChanged,
  CartDiffers,
  type CartStore,
  CheckoutOutdated,
  type CheckoutStore,
  type Choices,
  type Clock,
  type OrderPort,
  OrderRefused,
  OrdersUnavailable,
  type PlacedOrder,
  type ProductSource,
  TooMuchChange,
  type Turn,
} from './ports';

export interface CheckoutRequest {
  customerId: string;
  /** The customer's own, handed on. */
  authorization: string;
  key: string;
  choices: Choices;
  fits: Precondition;
}

export interface CheckoutDeps {
  carts: CartStore;
  checkouts: CheckoutStore;
  products: ProductSource;
  orders: OrderPort;
  clock: Clock;
  /** How long a request whose answer was lost may still be under way. */
  underWayMs?: number;
}

const NO_CART: Cart = { id: '', version: 0, items: [] };
const ROUNDS = 4;
/** Longer than the order service takes for fifty products while the product service is slow. */
const UNDER_WAY_MS = 60_000;

/**
 * Orders what is in the cart, once for each key, and then takes it out. What is about to be asked is written down first, so whatever fails on
 * the way the same request finds out what came of it; and so does another one, because all that are open ask under one key of the order.
 * @throws what is in ports.ts, and CartProblem; nothing is ordered then, but for OrdersUnavailable, after which it is not known.
 */
export const createCheckout = (deps: CheckoutDeps) => {
  const { carts, checkouts, products, orders, clock, underWayMs = UNDER_WAY_MS } = deps;
  const times = () => {
    const now = clock.now();
    return { now, underWayUntil: new Date(Date.parse(now) + underWayMs).toISOString() };
  };

  /** @returns why it has to be looked at anew where there is no order */
  const ask = async (
    request: CheckoutRequest,
    turn: Turn,
  ): Promise<PlacedOrder | 'total_changed' | 'key_used'> => {
    const { customerId, authorization, key } = request;
    const { orderKey } = turn;
    const complete = (whose: string, order: PlacedOrder) =>
      checkouts.complete(customerId, { key: whose, orderKey }, order, clock.now());
    /** A 'no' counts only where nobody else's request may still become a 'yes'. */
    const forgotten = async () => turn.alone && (await checkouts.forget(customerId, key, turn.number));

    const outcome = await orders.place(authorization, orderKey, turn.request);
    switch (outcome.kind) {
      case 'placed':
        return complete(key, outcome.order);
      case 'key_used': {
        for (const other of await checkouts.others(customerId, { key, orderKey })) {
          if (other.status.is !== 'asked') continue;
          const theirs = await orders.place(authorization, orderKey, other.status.request);
          if (theirs.kind === 'placed') {
            const { id } = await complete(other.key, theirs.order);
            throw new AlreadyCheckedOut(id);
          }
          if (theirs.kind !== 'key_used') throw new OrdersUnavailable();
        }
        await checkouts.strike(customerId, orderKey);
        return 'key_used';
      }
      case 'unknown':
        throw new OrdersUnavailable(outcome.cause);
      case 'not_sent':
        await forgotten();
        throw new OrdersUnavailable(outcome.cause);
      case 'total_changed':
        if (await forgotten()) return 'total_changed';
        throw new OrdersUnavailable();
      case 'refused':
        if (await forgotten()) throw new OrderRefused(outcome.refusal);
        // Not who they were any more: they can find out once they are again.
        if (outcome.refusal.status === 401 || outcome.refusal.status === 403)
          throw new OrderRefused(outcome.refusal);
        throw new OrdersUnavailable();
    }
  };

  /** @returns a turn to ask for what is in the cart, or undefined when it was changed meanwhile */
  const open = async (
    { customerId, key, choices }: CheckoutRequest,
    cart: Cart,
    requestHash: string,
  ): Promise<Turn | undefined> => {
    const { lines, total } = toOrder(cart.items);
    const offers = await products.offers(lines.map(({ productId }) => productId));
    const differences = compare(cart.items, offers);
    if (differences.length > 0) {
      const after = withItems(cart, refresh(cart.items, offers));
      // Nobody agrees to a new price by repeating a request whose answer they may not have seen: that takes another key.
      const refused = differences.some(({ kind }) => kind === 'price_changed');
      const refusal = refused ? { key, requestHash, differences } : undefined;
      const stored = await checkouts.refuse(customerId, { before: cart, after }, refusal, clock.now());
      if (stored) throw new CartDiffers(differences);
      return undefined;
    }
    const request = { items: lines, ...choices, expectedTotal: total };
    const orderKey = orderKeyOf(cart.id, key);
    return checkouts.open(customerId, cart, { key, requestHash, orderKey, request }, times());
  };

  return async (request: CheckoutRequest): Promise<PlacedOrder> => {
    const { customerId, key, choices, fits } = request;
    const requestHash = fingerprint(choices);
    let last: 'total_changed' | 'key_used' | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const known = await checkouts.find(customerId, key);
      if (known && known.requestHash !== requestHash) throw new IdempotencyKeyReused('checkout');
      if (known?.status.is === 'placed') return known.status.order;
      if (known?.status.is === 'refused') throw new CartDiffers(known.status.differences);
      const cart = (await carts.find(customerId)) ?? NO_CART;
      let turn: Turn | undefined;
      if (known?.status.is === 'asked') {
        if (!stillHolds(cart.items, known.status.request.items)) {
          const standing = await checkouts.find(customerId, key);
          if (standing?.status.is === 'asked') throw new CheckoutOutdated();
          // Somebody else was faster, and that is why it is not there any more.
          continue;
        }
        turn = await checkouts.again(customerId, key, times());
      } else {
        if (!fits(cart === NO_CART ? undefined : cart)) throw new CartChanged();
        turn = await open(request, cart, requestHash);
      }
      if (!turn) continue;
      const outcome = await ask(request, turn);
      if (typeof outcome !== 'string') return outcome;
      last = outcome;
    }
    throw last === 'key_used' ? new IdempotencyKeyReused('checkout') : new TooMuchChange();
  };
};
