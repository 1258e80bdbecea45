/** An amount in minor units (cents for EUR) of one ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

export interface RequestedLine {
  productId: string;
  quantity: number;
}

export interface OrderLine extends RequestedLine {
  unitPrice: Money;
}

export const MAX_LINES = 50;
export const MAX_QUANTITY = 100;

/** The items cost something else than the customer agreed to. */
export class TotalChanged extends Error {
  readonly code = 'TOTAL_CHANGED';
  readonly retriable = false;
  constructor(
    readonly expected: Money,
    readonly total: Money,
  ) {
    super('The total is not the expected one');
    this.name = 'TotalChanged';
  }
}

/** @throws TotalChanged */
export const demandTotal = (total: Money, expected: Money | undefined): void => {
  if (!expected || (expected.amount === total.amount && expected.currency === total.currency)) return;
  throw new TotalChanged(expected, total);
};

export type CartProblemCode =
  | 'empty'
  | 'too_many_lines'
  | 'bad_quantity'
  | 'unknown_product'
  | 'mixed_currencies'
  | 'bad_price'
  | 'too_expensive';

/** What is wrong with a cart. `line` is the index, in what the customer sent, of the line that is at fault. */
export class CartProblem extends Error {
  constructor(
    readonly code: CartProblemCode,
    message: string,
    readonly line?: number,
  ) {
    super(message);
    this.name = 'CartProblem';
  }
}

/** Lines of the same product become one, in the order of first mention. Throws CartProblem beyond the limits. */
export const mergeLines = (lines: readonly RequestedLine[]): RequestedLine[] => {
  if (lines.length === 0) throw new CartProblem('empty', 'An order needs at least one line.');
  if (lines.length > MAX_LINES) {
    throw new CartProblem(
      'too_many_lines',
      `An order has at most ${MAX_LINES} lines, this one has ${lines.length}.`,
    );
  }
  const merged = new Map<string, number>();
  lines.forEach(({ productId, quantity }, index) => {
    const sum = (merged.get(productId) ?? 0) + quantity;
    if (!Number.isInteger(quantity) || quantity < 1 || sum > MAX_QUANTITY) {
      throw new CartProblem(
        'bad_quantity',
        `The quantity of ${productId} must be a whole number from 1 to ${MAX_QUANTITY} over all its lines.`,
        index,
      );
    }
    merged.set(productId, sum);
  });
  return [...merged].map(([productId, quantity]) => ({ productId, quantity }));
};

/** @throws CartProblem */
export const chargeable = (amount: number): number => {
  if (Number.isSafeInteger(amount)) return amount;
  throw new CartProblem('too_expensive', 'The total is too large to be charged.');
};

/**
 * Puts today's prices on merged lines and adds them up, in integers. Throws CartProblem; its `line` is an index into `asked`, the lines as
 * the customer sent them.
 */
export const priceCart = (
  asked: readonly RequestedLine[],
  prices: ReadonlyMap<string, Money>,
): { items: OrderLine[]; total: Money } => {
  const lineOf = (productId: string) => asked.findIndex((line) => line.productId === productId);
  const items = mergeLines(asked).map(({ productId, quantity }) => {
    const unitPrice = prices.get(productId);
    if (!unitPrice) {
      throw new CartProblem('unknown_product', `There is no product ${productId}.`, lineOf(productId));
    }
    if (!Number.isSafeInteger(unitPrice.amount) || unitPrice.amount < 1) {
      throw new CartProblem('bad_price', `Product ${productId} has no usable price.`, lineOf(productId));
    }
    return { productId, quantity, unitPrice };
  });
  const currency = items[0]!.unitPrice.currency;
  const stranger = items.find((item) => item.unitPrice.currency !== currency);
  if (stranger) {
    throw new CartProblem(
      'mixed_currencies',
      `All products of an order are sold in one currency; ${stranger.productId} is in ${stranger.unitPrice.currency}, not ${currency}.`,
      lineOf(stranger.productId),
    );
  }
  const amount = items.reduce((sum, item) => sum + item.quantity * item.unitPrice.amount, 0);
  return { items, total: { amount: chargeable(amount), currency } };
};
