import { type Listing, listingOf } from './product';

/** A listing as it stands, with its version. */
export type Versioned = Listing & { version: number };

export type UpdateDecision =
  | { outcome: 'write'; version: number }
  /** It already says that: nothing is written, and nobody is told. */
  | { outcome: 'keep' }
  /** Somebody else was faster: `version` is theirs. */
  | { outcome: 'conflict'; version: number };

/**
 * Whether a listing may be replaced by somebody who saw version `seen`. The same request again finds its own work, one
 * version on, and is told that all is well.
 */
export function decideUpdate(current: Versioned, seen: number, wanted: Listing): UpdateDecision {
  const same = JSON.stringify(listingOf(current)) === JSON.stringify(listingOf(wanted));
  if (same && (current.version === seen || current.version === seen + 1)) return { outcome: 'keep' };
  if (current.version !== seen) return { outcome: 'conflict', version: current.version };
  return { outcome: 'write', version: seen + 1 };
}
