/** How many of one product an order wants. */
export interface Line {
  productId: string;
  quantity: number;
}

export type Decision =
  | { outcome: 'reserved'; lines: Line[] }
  | {
      outcome: 'rejected';
      reason: 'out_of_stock' | 'unknown_product' | 'invalid_request';
      productIds: string[];
    };

/** One line per product, in the order of ids: whoever locks rows in this order cannot deadlock with another. */
export function mergeLines(lines: Line[]): Line[] {
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of lines) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities]
    .map(([productId, quantity]) => ({ productId, quantity }))
    .sort((a, b) => (a.productId < b.productId ? -1 : 1));
}

/** All lines or none. `stock` holds the available units of every product known among them. */
export function decideReservation(lines: Line[], stock: ReadonlyMap<string, number>): Decision {
  const wanted = mergeLines(lines);
  const invalid = wanted.filter(({ quantity }) => !Number.isSafeInteger(quantity) || quantity < 1);
  if (wanted.length === 0 || invalid.length > 0) return rejected('invalid_request', invalid);
  const unknown = wanted.filter(({ productId }) => !stock.has(productId));
  if (unknown.length > 0) return rejected('unknown_product', unknown);
  const short = wanted.filter(({ productId, quantity }) => (stock.get(productId) ?? 0) < quantity);
  if (short.length > 0) return rejected('out_of_stock', short);
  return { outcome: 'reserved', lines: wanted };
}

function rejected(reason: Extract<Decision, { outcome: 'rejected' }>['reason'], lines: Line[]): Decision {
  return { outcome: 'rejected', reason, productIds: lines.map(({ productId }) => productId) };
}
