import { type Decision, decideReservation, type Line, mergeLines } from '../domain/reservation';

export type ReservationRecord =
  | { status: 'reserved' }
  | { status: 'released' }
  | { status: 'rejected'; reason: string; productIds: string[] };

/** Stock within one transaction. */
export interface StockStore {
  /** Locks the order's record; undefined when there is none yet. Two requests of one order wait for each other. */
  findReservation(orderId: string): Promise<ReservationRecord | undefined>;
  /** Locks the products, in the order given, and tells how many are available. */
  lockStock(productIds: string[]): Promise<Map<string, number>>;
  saveReservation(orderId: string, record: ReservationRecord, lines: Line[]): Promise<void>;
  /** Takes the lines out of stock. */
  take(lines: Line[]): Promise<void>;
  /** Puts what the order has reserved back and marks it released. */
  giveBack(orderId: string): Promise<void>;
}

/** Reserves all lines or none, once per order: asked again, the answer is the same and nothing moves. */
export async function reserveStock(
  store: StockStore,
  orderId: string,
  lines: Line[],
): Promise<ReservationRecord> {
  const earlier = await store.findReservation(orderId);
  if (earlier) {
    return earlier.status === 'released'
      ? { status: 'rejected', reason: 'already_released', productIds: [] }
      : earlier;
  }
  const wanted = mergeLines(lines);
  const stock = await store.lockStock(wanted.map(({ productId }) => productId));
  const decision = decideReservation(wanted, stock);
  const record = toRecord(decision);
  if (decision.outcome === 'reserved') await store.take(decision.lines);
  await store.saveReservation(orderId, record, decision.outcome === 'reserved' ? decision.lines : []);
  return record;
}

/** Gives back what the order holds, once. An order that holds nothing is marked, so that a late request gets nothing. */
export async function releaseStock(store: StockStore, orderId: string): Promise<void> {
  const earlier = await store.findReservation(orderId);
  if (!earlier) await store.saveReservation(orderId, { status: 'released' }, []);
  else if (earlier.status === 'reserved') await store.giveBack(orderId);
}

function toRecord(decision: Decision): ReservationRecord {
  return decision.outcome === 'reserved'
    ? { status: 'reserved' }
    : { status: 'rejected', reason: decision.reason, productIds: decision.productIds };
}
