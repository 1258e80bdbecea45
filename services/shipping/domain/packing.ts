export interface Item {
  productId: string;
  quantity: number;
  /** Of one piece. */
  weightGrams: number;
  lengthMm: number;
  widthMm: number;
  heightMm: number;
}

/** Sides in descending order. */
export interface Parcel {
  weightGrams: number;
  lengthMm: number;
  widthMm: number;
  heightMm: number;
  contents: { productId: string; quantity: number }[];
}

/** What a carrier takes. Girth is the way round the two shorter sides. */
export interface ParcelLimits {
  maxWeightGrams: number;
  maxLengthMm: number;
  maxLengthPlusGirthMm: number;
  /** Of one shipment. */
  maxParcels: number;
}

export class PackingProblem extends Error {
  constructor(
    readonly code: 'item_too_large' | 'too_many_parcels',
    message: string,
  ) {
    super(message);
    this.name = 'PackingProblem';
  }
}

type Sides = Pick<Parcel, 'lengthMm' | 'widthMm' | 'heightMm'>;
/** Pieces that lie flat on each other: as long and wide as the longest and widest of them. */
type Stack = Omit<Parcel, 'contents'>;

const descending = ({ lengthMm, widthMm, heightMm }: Sides): Sides => {
  const [long, middle, short] = [lengthMm, widthMm, heightMm].sort((a, b) => b - a) as [
    number,
    number,
    number,
  ];
  return { lengthMm: long, widthMm: middle, heightMm: short };
};

const put = (stack: Stack, piece: Stack): Stack => ({
  weightGrams: stack.weightGrams + piece.weightGrams,
  lengthMm: Math.max(stack.lengthMm, piece.lengthMm),
  widthMm: Math.max(stack.widthMm, piece.widthMm),
  heightMm: stack.heightMm + piece.heightMm,
});

const isTaken = (stack: Stack, limits: ParcelLimits): boolean => {
  const { lengthMm, widthMm, heightMm } = descending(stack);
  return (
    stack.weightGrams <= limits.maxWeightGrams &&
    lengthMm <= limits.maxLengthMm &&
    lengthMm + 2 * (widthMm + heightMm) <= limits.maxLengthPlusGirthMm
  );
};

const volumeOf = ({ lengthMm, widthMm, heightMm }: Sides) => lengthMm * widthMm * heightMm;

/**
 * Puts items into parcels that a carrier takes: first-fit decreasing, the largest piece first, each flat on those before it in the first
 * parcel it still fits into. Wasteful for odd shapes, and never impossible. @throws PackingProblem
 */
export const pack = (items: readonly Item[], limits: ParcelLimits): Parcel[] => {
  const pieces = items
    .flatMap((item) =>
      Array<Stack & { productId: string }>(item.quantity).fill({ ...item, ...descending(item) }),
    )
    .sort((a, b) => volumeOf(b) - volumeOf(a) || b.weightGrams - a.weightGrams);
  const parcels: { stack: Stack; counts: Map<string, number> }[] = [];
  for (const { productId, ...piece } of pieces) {
    const place = parcels.find(({ stack }) => isTaken(put(stack, piece), limits));
    if (place) {
      place.stack = put(place.stack, piece);
      place.counts.set(productId, (place.counts.get(productId) ?? 0) + 1);
      continue;
    }
    if (!isTaken(piece, limits)) {
      throw new PackingProblem('item_too_large', `${productId} alone is beyond what the carrier takes.`);
    }
    if (parcels.length === limits.maxParcels) {
      throw new PackingProblem('too_many_parcels', `The carrier takes ${limits.maxParcels} at most.`);
    }
    parcels.push({ stack: piece, counts: new Map([[productId, 1]]) });
  }
  return parcels.map(({ stack, counts }) => ({
    weightGrams: stack.weightGrams,
    ...descending(stack),
    contents: [...counts].map(([productId, quantity]) => ({ productId, quantity })),
  }));
};
