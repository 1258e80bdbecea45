import { fingerprint, IdempotencyKeyReused } from '@platform/libs/idempotency';
import { uuidv7 } from '@platform/libs/ids';
import { demandTotal, type Money, mergeLines, priceCart, type RequestedLine } from '../domain/cart';
import { type Fallback, foldOrder, initialOrder, place } from '../domain/order';
import type { Gateway } from '../domain/payment-methods';
import { shippingCostOf, withShipping } from '../domain/shipping';
import { type Measure, measureNothing } from './measure';
import type { Clock, OfferSource, OrderStore, OrderView, Placement, PriceSource } from './ports';
import { viewOf } from './view';

export interface PlaceOrderRequest {
  customerId: string;
  /** The customer's own, to look at what they were offered. */
  authorization: string;
  idempotencyKey: string;
  items: RequestedLine[];
  paymentMethod: string;
  gateway?: Gateway;
  fallback?: Fallback;
  quoteId?: string;
  /** What the customer agreed to pay for the items. */
  expectedTotal?: Money;
}

export interface PlaceOrderDeps {
  store: OrderStore;
  prices: PriceSource;
  offers: OfferSource;
  clock: Clock;
  newId?: (milliseconds: number) => string;
  measure?: Measure;
}

/**
 * Prices the cart and stores the order, which then waits for its stock. The same request under the same key gets the same answer, even
 * while the product or the shipping service is away.
 * @throws CartProblem | TotalChanged | OfferProblem | PricesUnavailable | IdempotencyKeyReused; nothing is stored then.
 */
export const createPlaceOrder =
  ({ store, prices, offers, clock, newId = uuidv7, measure = measureNothing }: PlaceOrderDeps) =>
  async (request: PlaceOrderRequest): Promise<{ order: OrderView; repeated: boolean }> => {
    const { customerId, authorization, idempotencyKey: key, items, expectedTotal, ...choices } = request;
    const { paymentMethod, gateway, fallback, quoteId } = choices;
    const requestHash = fingerprint([
      items.map(({ productId, quantity }) => [productId, quantity]),
      paymentMethod,
      // Requests of before these could be chosen keep their fingerprint.
      ...(gateway || fallback || quoteId ? [{ gateway, fallback, quoteId }] : []),
      ...(expectedTotal ? [{ expectedTotal }] : []),
    ]);
    const answerOf = (placement: Placement, repeated: boolean) => {
      if (placement.requestHash !== requestHash) throw new IdempotencyKeyReused('order');
      return { order: placement.answer, repeated };
    };
    const earlier = await store.findPlacement(customerId, key);
    if (earlier) return answerOf(earlier, true);

    const productIds = mergeLines(items).map((line) => line.productId);
    const [priced, offer] = await Promise.all([
      prices.prices(productIds),
      quoteId === undefined ? undefined : offers.offer(quoteId, authorization),
    ]);
    const cart = priceCart(items, priced);
    demandTotal(cart.total, expectedTotal);
    const at = clock.now();
    const shipped =
      quoteId === undefined ? cart : withShipping(cart, shippingCostOf(offer, cart.total.currency, at));
    const orderId = newId(Date.parse(at));
    const events = place({ orderId, customerId, ...shipped, ...choices, at }, initialOrder);
    const order = foldOrder(events);
    const answer = viewOf(order, { createdAt: at, updatedAt: at });
    const standing = await store.place({ customerId, key, requestHash, answer }, events);
    const repeated = standing.answer.id !== orderId;
    if (!repeated) measure(order, events);
    return answerOf(standing, repeated);
  };
