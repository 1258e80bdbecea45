/** A log-in and all that is derived from it. Its refresh tokens are one family: one is valid at a time. */
export interface Session {
  id: string;
  userId: string;
  lastUsedAt: Date;
  /** The absolute end, however busy it is. */
  expiresAt: Date;
  revokedAt?: Date;
}

export interface Timeouts {
  /** Without a refresh, ms. */
  idleMs: number;
  /** From the log-in, ms. */
  absoluteMs: number;
}

export type SessionState = 'live' | 'revoked' | 'expired' | 'idle';

export function sessionState(
  session: Session,
  now: Date,
  { idleMs }: Pick<Timeouts, 'idleMs'>,
): SessionState {
  if (session.revokedAt) return 'revoked';
  if (now >= session.expiresAt) return 'expired';
  return now.getTime() - session.lastUsedAt.getTime() >= idleMs ? 'idle' : 'live';
}

/**
 * What to do about a refresh token. A token that was used before is in two hands, and nobody knows whose are honest:
 * the whole family ends.
 */
export function decideRefresh(
  found: { session: Session; usedAt?: Date } | undefined,
  now: Date,
  timeouts: Pick<Timeouts, 'idleMs'>,
): 'unknown' | 'reused' | 'ended' | 'rotate' {
  if (!found) return 'unknown';
  if (found.usedAt) return 'reused';
  return sessionState(found.session, now, timeouts) === 'live' ? 'rotate' : 'ended';
}
