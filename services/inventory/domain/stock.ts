/** What is known about one product's stock. */
export interface Item {
  productId: string;
  /** On hand and not yet sold. */
  stock: number;
  /** Of these, promised to orders that are not yet decided. */
  held: number;
  /** At or below it somebody is told. */
  threshold: number;
  /** Rises by one with every change. */
  version: number;
}

/** `before` is missing where the item is new. */
export interface ItemChange {
  before?: Item;
  after: Item;
}

/** No shop has more; what it is added up from then stays exact, here and in the database. */
export const MAX_STOCK = 1_000_000_000;

/** There would be less on hand than is promised, or more than can be counted. */
export type Refusal = 'below-held' | 'too-much';

export const availableOf = ({ stock, held }: Item): number => stock - held;

export const isLow = (item: Item): boolean => availableOf(item) <= item.threshold;

/** True once when it gets there, and again only after it was above. */
export const becameLow = ({ before, after }: ItemChange): boolean =>
  isLow(after) && !(before && isLow(before));

export const changed = (item: Item, change: Partial<Pick<Item, 'stock' | 'held' | 'threshold'>>): Item => ({
  ...item,
  ...change,
  version: item.version + 1,
});

const allowed = (item: Item): Item | Refusal => {
  if (item.stock < item.held) return 'below-held';
  return item.stock > MAX_STOCK ? 'too-much' : item;
};

/** As it was counted. Orders keep what is promised to them. */
export const counted = (item: Item, count: Pick<Item, 'stock' | 'threshold'>): Item | Refusal =>
  allowed(changed(item, count));

export const created = (productId: string, count: Pick<Item, 'stock' | 'threshold'>): Item => ({
  productId,
  stock: count.stock,
  held: 0,
  threshold: count.threshold,
  version: 1,
});

/** So many more, or fewer: a return, a delivery, a loss. */
export const adjusted = (item: Item, change: number): Item | Refusal =>
  allowed(changed(item, { stock: item.stock + change }));
