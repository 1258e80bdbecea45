// Whether a gateway and our ledger tell the same story of a day.
import type { GatewayName, Movement } from './ports';

/** A posting on a gateway's clearing account: money taken (positive) or given back (negative). */
export interface ClearingPosting {
  paymentId: string;
  /** The gateway's id of what was taken or given back. */
  reference: string;
  amount: number;
  currency: string;
  /** ISO 8601. */
  at: string;
}

export interface Difference {
  what: 'not in the ledger' | 'not at the gateway' | 'another amount';
  kind: Movement['kind'];
  /** The gateway's id. */
  id: string;
  paymentId?: string;
  gateway?: { amount: number; currency: string };
  ledger?: { amount: number; currency: string };
}

/** From `from` until before `to`, ISO 8601. */
export interface Day {
  from: string;
  to: string;
}

const isIn = ({ from, to }: Day, at: string) =>
  Date.parse(at) >= Date.parse(from) && Date.parse(at) < Date.parse(to);

const kindOf = ({ amount }: ClearingPosting): Movement['kind'] => (amount > 0 ? 'capture' : 'refund');
const moneyOf = ({ amount, currency }: ClearingPosting) => ({ amount: Math.abs(amount), currency });
const keyOf = (kind: Movement['kind'], id: string) => `${kind} ${id}`;

/**
 * What only one side knows of a day, or knows otherwise. Both are given for longer than the day: the same thing may have happened a
 * little earlier for one than for the other.
 */
export const differencesOf = (
  day: Day,
  movements: readonly Movement[],
  postings: readonly ClearingPosting[],
): Difference[] => {
  const booked = new Map(postings.map((posting) => [keyOf(kindOf(posting), posting.reference), posting]));
  const moved = new Map(movements.map((movement) => [keyOf(movement.kind, movement.id), movement]));
  const fromGateway = movements
    .filter(({ at }) => isIn(day, at))
    .flatMap(({ kind, id, amount: gateway }): Difference[] => {
      const posting = booked.get(keyOf(kind, id));
      if (!posting) return [{ what: 'not in the ledger', kind, id, gateway }];
      const ledger = moneyOf(posting);
      if (ledger.amount === gateway.amount && ledger.currency === gateway.currency) return [];
      return [{ what: 'another amount', kind, id, paymentId: posting.paymentId, gateway, ledger }];
    });
  const fromLedger = postings
    .filter((posting) => isIn(day, posting.at) && !moved.has(keyOf(kindOf(posting), posting.reference)))
    .map((posting): Difference => {
      const { reference: id, paymentId } = posting;
      return { what: 'not at the gateway', kind: kindOf(posting), id, paymentId, ledger: moneyOf(posting) };
    });
  return [...fromGateway, ...fromLedger];
};

export interface GatewayReport {
  gateway: GatewayName;
  /** How much happened that day, there and here. */
  movements: number;
  postings: number;
  differences: Difference[];
  /** Why it could not be asked; then nothing is known. */
  error?: string;
}

export interface Reconciliation {
  date: string;
  gateways: GatewayReport[];
  /** Currencies whose postings do not add up to nothing. */
  unbalanced: { currency: string; total: number }[];
}

export interface ReconcilerDeps {
  gateways: readonly { name: GatewayName; movements(from: string, to: string): Promise<Movement[]> }[];
  postings(gateway: GatewayName, from: string, to: string): Promise<ClearingPosting[]>;
  balance(): Promise<{ currency: string; total: number }[]>;
}

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const shift = (at: string, ms: number) => new Date(Date.parse(at) + ms).toISOString();

/** Compares a day (UTC, 'YYYY-MM-DD') with every gateway. */
export const reconcile = async (
  date: string,
  { gateways, postings, balance }: ReconcilerDeps,
): Promise<Reconciliation> => {
  const day = { from: `${date}T00:00:00.000Z`, to: shift(`${date}T00:00:00.000Z`, DAY_MS) };
  const reports: GatewayReport[] = [];
  for (const { name, movements: ask } of gateways) {
    // A day more before it: what we heard of late. An hour more after it: clocks. The ledger a day more at both ends.
    const booked = await postings(name, shift(day.from, -DAY_MS), shift(day.to, DAY_MS));
    const count = booked.filter(({ at }) => isIn(day, at)).length;
    try {
      const moved = await ask(shift(day.from, -DAY_MS), shift(day.to, HOUR_MS));
      reports.push({
        ...{ gateway: name, movements: moved.filter(({ at }) => isIn(day, at)).length, postings: count },
        differences: differencesOf(day, moved, booked),
      });
    } catch (error) {
      // The kind of error only: what a library says may hold more than should be read here.
      const reason = (error as Error).name;
      reports.push({ gateway: name, movements: 0, postings: count, differences: [], error: reason });
    }
  }
  const unbalanced = (await balance()).filter(({ total }) => total !== 0);
  return { date, gateways: reports, unbalanced };
};
