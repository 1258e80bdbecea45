import { availableOf, changed, type Item, type ItemChange } from './stock';

/** How many of one product an order wants. */
export interface Line {
  productId: string;
  quantity: number;
}

/** Of a sale that came late: how many of the line were not there any more. */
export interface SoldLine extends Line {
  short?: number;
}

export type Rejection = 'out_of_stock' | 'unknown_product' | 'invalid_request' | 'already_released';

/** What is known about an order's stock; undefined while nothing is. */
export type Reservation =
  | { status: 'reserved'; lines: Line[]; expiresAt: string }
  | { status: 'rejected'; reason: Rejection; productIds: string[] }
  /** Given back because it was asked for, or because nobody had decided in time. */
  | { status: 'released' | 'expired'; lines: Line[] }
  | { status: 'sold'; lines: Line[] }
  /** Confirmed although nothing was held for it any more: what was left is taken, what was not is short. No lines: none are known. */
  | { status: 'sold-late'; lines: SoldLine[] };

export type Command =
  | { type: 'reserve'; lines: Line[]; expiresAt: string }
  | { type: 'release' }
  | { type: 'confirm' }
  | { type: 'cancel' }
  | { type: 'expire'; at: string };

export type Answer =
  | { outcome: 'reserved' }
  | { outcome: 'released' }
  | { outcome: 'rejected'; reason: Rejection; productIds: string[] };

export interface Decision {
  /** Missing: it stays as it is. */
  reservation?: Reservation;
  changes: ItemChange[];
  /** What the order is told; missing: nothing. */
  answer?: Answer;
}

const nothing: Decision = { changes: [] };
const reserved: Answer = { outcome: 'reserved' };
const released: Answer = { outcome: 'released' };

/** One line per product, in the order of ids: whoever locks rows in this order cannot deadlock with another. */
export const mergeLines = (lines: readonly Line[]): Line[] => {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of lines) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities]
    .map(([productId, quantity]) => ({ productId, quantity }))
    .sort((a, b) => (a.productId < b.productId ? -1 : 1));
};

const linesOf = (reservation: Reservation | undefined): readonly Line[] =>
  reservation && reservation.status !== 'rejected' ? reservation.lines : [];

/** The request of an order of which only the end is known came after that end. */
const isUnknownSale = (reservation: Reservation | undefined) =>
  reservation?.status === 'sold-late' && reservation.lines.length === 0;

/** Products whose items `decide` has to be given; none where nothing is going to move. */
export const productsOf = (command: Command, reservation: Reservation | undefined): string[] => {
  const ids = (lines: readonly Line[]) => lines.map(({ productId }) => productId);
  switch (command.type) {
    case 'reserve':
      return !reservation || isUnknownSale(reservation) ? ids(mergeLines(command.lines)) : [];
    case 'confirm':
      return ids(linesOf(reservation));
    default:
      return reservation?.status === 'reserved' ? ids(reservation.lines) : [];
  }
};

type Items = ReadonlyMap<string, Item>;

const change = (
  lines: readonly Line[],
  items: Items,
  apply: (item: Item, quantity: number) => Partial<Pick<Item, 'stock' | 'held'>>,
): ItemChange[] =>
  lines.map(({ productId, quantity }) => {
    const before = items.get(productId);
    // Items are never deleted, so this is a fault of the caller, and must not pass for a release of nothing.
    if (!before) throw new Error(`the stock of '${productId}' was not looked up`);
    return { before, after: changed(before, apply(before, quantity)) };
  });

const take = (lines: readonly Line[], items: Items, expiresAt: string): Decision => {
  const reject = (reason: Rejection, about: readonly Line[]): Decision => {
    const productIds = about.map(({ productId }) => productId);
    return {
      reservation: { status: 'rejected', reason, productIds },
      changes: [],
      answer: { outcome: 'rejected', reason, productIds },
    };
  };
  const wanted = mergeLines(lines);
  const invalid = wanted.filter(({ quantity }) => !Number.isSafeInteger(quantity) || quantity < 1);
  if (wanted.length === 0 || invalid.length > 0) return reject('invalid_request', invalid);
  const unknown = wanted.filter(({ productId }) => !items.has(productId));
  if (unknown.length > 0) return reject('unknown_product', unknown);
  const short = wanted.filter(({ productId, quantity }) => availableOf(items.get(productId)!) < quantity);
  if (short.length > 0) return reject('out_of_stock', short);
  return {
    reservation: { status: 'reserved', lines: wanted, expiresAt },
    changes: change(wanted, items, ({ held }, quantity) => ({ held: held + quantity })),
    answer: reserved,
  };
};

const giveBack = ({ lines }: { lines: Line[] }, items: Items, status: 'released' | 'expired'): Decision => ({
  reservation: { status, lines },
  changes: change(lines, items, ({ held }, quantity) => ({ held: held - quantity })),
  answer: released,
});

/** The customer has paid: what is left is theirs, as far as it goes. */
const sellLate = (lines: readonly Line[], items: Items): Decision => {
  const sold = lines.map(({ productId, quantity }): SoldLine & { taken: number } => {
    const item = items.get(productId);
    const taken = item ? Math.min(quantity, availableOf(item)) : 0;
    return { productId, quantity, taken, ...(taken < quantity && { short: quantity - taken }) };
  });
  const takes = sold
    .filter(({ taken }) => taken > 0)
    .map(({ productId, taken }) => ({ productId, quantity: taken }));
  return {
    reservation: { status: 'sold-late', lines: sold.map(({ taken: _, ...line }) => line) },
    changes: change(takes, items, ({ stock }, quantity) => ({ stock: stock - quantity })),
  };
};

/**
 * What becomes of an order's stock: all lines or none, once per order. Asked again, the answer is the same and nothing moves. A release that
 * comes before the request is remembered, so that the late request gets nothing.
 */
export const decide = (command: Command, reservation: Reservation | undefined, items: Items): Decision => {
  const status = reservation?.status;
  switch (command.type) {
    case 'reserve':
      if (!reservation) return take(command.lines, items, command.expiresAt);
      if (isUnknownSale(reservation))
        return { ...sellLate(mergeLines(command.lines), items), answer: reserved };
      if (reservation.status === 'rejected') {
        const { reason, productIds } = reservation;
        return { ...nothing, answer: { outcome: 'rejected', reason, productIds } };
      }
      if (status === 'released' || status === 'expired')
        return { ...nothing, answer: { outcome: 'rejected', reason: 'already_released', productIds: [] } };
      return { ...nothing, answer: reserved };
    case 'release':
      if (!reservation)
        return { reservation: { status: 'released', lines: [] }, changes: [], answer: released };
      if (reservation.status === 'reserved') return giveBack(reservation, items, 'released');
      // What is sold comes back as a return, not by a message that is too late.
      return status === 'sold' || status === 'sold-late' ? nothing : { ...nothing, answer: released };
    case 'confirm':
      if (reservation?.status === 'reserved') {
        const { lines } = reservation;
        const sell = ({ stock, held }: Item, quantity: number) => ({
          stock: stock - quantity,
          held: held - quantity,
        });
        return { reservation: { status: 'sold', lines }, changes: change(lines, items, sell) };
      }
      return status === 'sold' || status === 'sold-late' ? nothing : sellLate(linesOf(reservation), items);
    case 'cancel':
      if (!reservation) return { reservation: { status: 'released', lines: [] }, changes: [] };
      return reservation.status === 'reserved' ? giveBack(reservation, items, 'released') : nothing;
    case 'expire':
      return reservation?.status === 'reserved' && reservation.expiresAt <= command.at
        ? giveBack(reservation, items, 'expired')
        : nothing;
  }
};
