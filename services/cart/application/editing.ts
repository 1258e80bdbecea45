import { isDeepStrictEqual } from 'node:util';
import { type Cart, type CartItem, type Line, removeItem, setItem } from '../domain/cart';
import { CartChanged, type CartStore, type Clock, type ProductSource, TooMuchChange } from './ports';

/** Whether the cart is the one the caller means. */
export type Precondition = (cart: Cart | undefined) => boolean;

export interface EditingDeps {
  carts: CartStore;
  products: ProductSource;
  clock: Clock;
  newId: () => string;
}

/** How often a change is decided anew because another one was faster. */
const ROUNDS = 5;

/** The cart with other items; only what is different makes a new version. */
export const withItems = (cart: Cart, items: CartItem[]): Cart =>
  isDeepStrictEqual(items, cart.items) ? cart : { ...cart, version: cart.version + 1, items };

/** Looking at and changing a customer's one cart. Each change names what is to be, so repeating it changes nothing. */
export const createEditing = ({ carts, products, clock, newId }: EditingDeps) => {
  /**
   * @returns undefined where there is none and needs to be none
   * @throws CartChanged | TooMuchChange, or what `decide` throws; nothing is stored then.
   */
  const change = async (
    customerId: string,
    fits: Precondition,
    decide: (items: readonly CartItem[]) => CartItem[],
  ): Promise<Cart | undefined> => {
    for (let round = 0; round < ROUNDS; round++) {
      const before = await carts.find(customerId);
      if (!fits(before)) throw new CartChanged();
      const cart = before ?? { id: newId(), version: 0, items: [] };
      const after = withItems(cart, decide(cart.items));
      if (!before && after.version === 0) return undefined;
      if (await carts.save(customerId, before, after, clock.now())) return after;
    }
    throw new TooMuchChange();
  };
  return {
    find: (customerId: string) => carts.find(customerId),
    /** @throws CartProblem | ProductsUnavailable | CartChanged | TooMuchChange */
    async put(customerId: string, line: Line, fits: Precondition): Promise<Cart | undefined> {
      const offers = await products.offers([line.productId]);
      return change(customerId, fits, (items) => setItem(items, line, offers.get(line.productId)));
    },
    remove: (customerId: string, productId: string, fits: Precondition) =>
      change(customerId, fits, (items) => removeItem(items, productId)),
    clear: (customerId: string, fits: Precondition) => change(customerId, fits, () => []),
  };
};

export type Editing = ReturnType<typeof createEditing>;
