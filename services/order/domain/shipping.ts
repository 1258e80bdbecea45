import { chargeable, type Money } from './cart';

/** What a carrier would take the parcels for: its own price, or about what that is in the shop's currency. */
export interface Offer {
  prices: readonly Money[];
  /** ISO 8601. */
  validUntil: string;
}

export type OfferProblemCode = 'unknown_offer' | 'offer_ended' | 'offer_in_other_currency';

/** Why nothing can be shipped by the offer that was chosen. */
export class OfferProblem extends Error {
  readonly retriable = false;
  constructor(
    readonly code: OfferProblemCode,
    message: string,
  ) {
    super(message);
    this.name = 'OfferProblem';
  }
}

/** What shipping adds to an order in `currency`, as it was shown to the customer. @throws OfferProblem */
export const shippingCostOf = (offer: Offer | undefined, currency: string, now: string): Money => {
  if (!offer) throw new OfferProblem('unknown_offer', 'There is no such offer of a carrier for you.');
  if (Date.parse(offer.validUntil) < Date.parse(now)) {
    throw new OfferProblem(
      'offer_ended',
      `The offer was good until ${offer.validUntil}. Ask for new quotes.`,
    );
  }
  const cost = offer.prices.find((price) => price.currency === currency);
  if (!cost) {
    const others = offer.prices.map((price) => price.currency).join(' and ');
    throw new OfferProblem(
      'offer_in_other_currency',
      `The products are sold in ${currency}, and the offer is in ${others}. Choose another one.`,
    );
  }
  return cost;
};

/** The same with the parcel paid as well. @throws CartProblem */
export const withShipping = <C extends { total: Money }>(cart: C, shippingCost: Money) => ({
  ...cart,
  shippingCost,
  total: { ...cart.total, amount: chargeable(cart.total.amount + shippingCost.amount) },
});
