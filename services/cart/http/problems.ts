import { invalidRequest, Problem, unavailable } from '@platform/libs/http';
import {
  AlreadyCheckedOut,
  CartChanged,
  CartDiffers,
  CheckoutOutdated,
  OrderRefused,
  OrdersUnavailable,
  ProductsUnavailable,
  TooMuchChange,
} from '../application/ports';
import { CartProblem } from '../domain/cart';

/** What can go wrong with a cart, as the customer is told. Any other error passes unchanged. */
export const cartProblem = (error: unknown): unknown => {
  if (error instanceof CartProblem) {
    const { code, message: detail } = error;
    if (code === 'bad_quantity') return invalidRequest([{ in: 'body', pointer: '#/quantity', detail }]);
    return new Problem(422, { code: code.replaceAll('_', '-'), detail });
  }
  if (error instanceof CartChanged) {
    return new Problem(412, {
      code: 'cart-changed',
      detail: 'The cart was changed since you looked. Look at it again, and send If-Match with its new ETag.',
    });
  }
  if (error instanceof ProductsUnavailable) {
    const detail = 'Products cannot be looked at at the moment. Nothing was changed; send it again shortly.';
    return unavailable(detail, error);
  }
  if (error instanceof TooMuchChange) {
    return unavailable(
      'The cart or its prices keep changing. Nothing was done; send it again shortly.',
      error,
    );
  }
  return error;
};

/** What can go wrong with a checkout. */
export const checkoutProblem = (error: unknown): unknown => {
  if (error instanceof CartDiffers) {
    const { differences } = error;
    const priced = differences.some(({ kind }) => kind === 'price_changed');
    return new Problem(409, {
      code: 'cart-differs',
      detail: priced
        ? 'Nothing was ordered: see differences. The cart has the new prices now; if you agree, check out again with a new Idempotency-Key.'
        : 'Nothing was ordered: see differences. Take out what cannot be had, and check out again.',
      extensions: { differences },
    });
  }
  if (error instanceof AlreadyCheckedOut) {
    return new Problem(409, {
      code: 'already-checked-out',
      detail:
        'An earlier checkout of this cart, whose answer did not reach you, has gone through: see orderId. Nothing more was ordered.',
      extensions: { orderId: error.orderId },
      headers: { Location: `/v1/orders/${error.orderId}` },
    });
  }
  if (error instanceof CheckoutOutdated) {
    return new Problem(409, {
      code: 'checkout-outdated',
      detail:
        'You took something out of the cart since this checkout was sent, and whether that was ordered is not known yet. Use a new Idempotency-Key to check out the cart as it is now: if the former went through, you are told, and nothing more is ordered.',
    });
  }
  if (error instanceof OrderRefused) {
    const { status, ...options } = error.refusal;
    return new Problem(status, options);
  }
  if (error instanceof OrdersUnavailable) {
    return unavailable(
      'It is not known yet whether this was ordered. Send the same request with the same Idempotency-Key again shortly: it is ordered once.',
      error,
    );
  }
  return cartProblem(error);
};
