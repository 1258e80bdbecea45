import { fingerprint, IdempotencyKeyReused } from '@platform/libs/idempotency';
import { decideUpdate, type UpdateDecision } from '../domain/editing';
import { type Listing, listingOf, type Product } from '../domain/product';
import type { Message } from './published';

/** A product that staff made, with the request that made it. */
export interface Creation {
  /** Of the request: the same one makes one product. */
  key: string;
  requestHash: string;
  product: Product;
}

/** Each writes in one transaction, the event for others included. */
export interface ProductStore {
  /** @returns the creation that stands under the key, this one or an earlier one. @throws SkuTaken */
  create(creation: Creation, message: Message): Promise<Creation>;
  /** The product is locked while `decide` looks at it. @returns it as it is then; undefined when there is none. @throws SkuTaken */
  update(
    id: string,
    decide: (current: Product) => { next: Product; message: Message } | undefined,
  ): Promise<Product | undefined>;
  remove(id: string, messageOf: (current: Product) => Message): Promise<void>;
}

export class SkuTaken extends Error {
  readonly code = 'SKU_TAKEN';
  readonly retriable = false;
  constructor() {
    super('Another product has this SKU');
    this.name = 'SkuTaken';
  }
}

export interface Editing {
  /** Once per staff member and key; the same request again has the same answer. */
  create(staffId: string, idempotencyKey: string, listing: Listing): Promise<Product>;
  /** @returns undefined when there is no such product, or the version that stands there instead of the one that was seen. */
  update(id: string, seen: number, listing: Listing): Promise<Product | { conflict: number } | undefined>;
  /** Gone is gone, also when it is asked for again. */
  remove(id: string): Promise<void>;
}

const listed = (product: Product) => ({
  productId: product.id,
  version: product.version,
  ...listingOf(product),
});

export function createEditing(store: ProductStore, newId: () => string): Editing {
  return {
    async create(staffId, idempotencyKey, listing) {
      const product: Product = { id: newId(), version: 1, ...listing, available: 0 };
      // Who made it is nobody's business here: only the same person finds the key again.
      const creation = {
        key: fingerprint([staffId, idempotencyKey]),
        requestHash: fingerprint(listingOf(listing)),
        product,
      };
      const standing = await store.create(creation, { type: 'product.created.v1', data: listed(product) });
      if (standing.requestHash !== creation.requestHash) throw new IdempotencyKeyReused('product');
      return standing.product;
    },
    async update(id, seen, listing) {
      let decision: UpdateDecision | undefined;
      const product = await store.update(id, (current) => {
        decision = decideUpdate(current, seen, listing);
        if (decision.outcome !== 'write') return undefined;
        const next = { ...current, ...listing, version: decision.version };
        const data = { ...listed(next), previousCategory: current.category };
        return { next, message: { type: 'product.updated.v1', data } };
      });
      return product && decision?.outcome === 'conflict' ? { conflict: decision.version } : product;
    },
    remove: (id) =>
      store.remove(id, ({ version, category }) => ({
        type: 'product.deleted.v1',
        data: { productId: id, version: version + 1, category },
      })),
  };
}
