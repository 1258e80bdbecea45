import { invalidRequest, Problem, unavailable } from '@platform/libs/http';
import { PricesUnavailable } from '../application/ports';
import { CartProblem, TotalChanged } from '../domain/cart';
import { OfferProblem } from '../domain/shipping';

const FIELD: Partial<Record<CartProblem['code'], string>> = {
  unknown_product: '/productId',
  mixed_currencies: '/productId',
  bad_price: '/productId',
  bad_quantity: '/quantity',
};

const unprocessable = ({ code, message }: CartProblem | OfferProblem, pointer: string): Problem =>
  new Problem(422, {
    code: code.replaceAll('_', '-'),
    detail: message,
    errors: [{ in: 'body', pointer, detail: message }],
  });

/** What can go wrong with a new order, as the customer is told. Any other error passes unchanged. */
export const orderProblem = (error: unknown): unknown => {
  if (error instanceof CartProblem) {
    const pointer = `#/items${error.line === undefined ? '' : `/${error.line}${FIELD[error.code] ?? ''}`}`;
    if (error.code === 'bad_quantity' || error.code === 'too_many_lines')
      return invalidRequest([{ in: 'body', pointer, detail: error.message }]);
    return unprocessable(error, pointer);
  }
  if (error instanceof OfferProblem) return unprocessable(error, '#/quoteId');
  if (error instanceof TotalChanged) {
    const { expected, total } = error;
    return new Problem(409, {
      code: 'total-changed',
      detail:
        'The items would cost something else than expectedTotal now. Nothing was ordered; send the total you agree to.',
      errors: [{ in: 'body', pointer: '#/expectedTotal', detail: 'Not what it costs.' }],
      extensions: { expectedTotal: expected, total },
    });
  }
  if (error instanceof PricesUnavailable) {
    return unavailable(
      'Prices cannot be fetched at the moment. Nothing was ordered; send the same request again shortly.',
      error,
    );
  }
  return error;
};

export const tooLate = (): Problem =>
  new Problem(409, {
    code: 'order-is-paid',
    detail:
      'The order is paid, or about to be, and cannot be called off any more. Ask for your money back instead.',
  });
