import { decideRefresh, type Session, sessionState } from './session';

const MINUTE = 60_000;
const start = new Date('2030-01-01T08:00:00Z');
const after = (minutes: number) => new Date(start.getTime() + minutes * MINUTE);
const timeouts = { idleMs: 15 * MINUTE };
const session: Session = { id: 's', userId: 'u', lastUsedAt: start, expiresAt: after(720) };

test.each([
  ['live', 'just before it has been idle for 15 minutes', session, 14.99],
  ['idle', 'after 15 minutes without use', session, 15],
  ['live', 'as long as it is used', { ...session, lastUsedAt: after(719) }, 719.9],
  ['expired', 'after 12 hours, however busy', { ...session, lastUsedAt: after(719.9) }, 720],
  ['revoked', 'once it was ended', { ...session, revokedAt: start }, 1],
] as const)('is %s %s', (state, _when, one, minutes) => {
  expect(sessionState(one, after(minutes), timeouts)).toBe(state);
});

test.each([
  ['rotates a token of a live session', { session }, 1, 'rotate'],
  ['refuses one it never gave', undefined, 1, 'unknown'],
  ['refuses one of a session that was idle too long', { session }, 16, 'ended'],
  ['takes a token that comes again for a theft', { session, usedAt: start }, 1, 'reused'],
  ['takes it for one even when the session has ended', { session, usedAt: start }, 16, 'reused'],
] as const)('%s', (_title, found, minutes, decision) => {
  expect(decideRefresh(found, after(minutes), timeouts)).toBe(decision);
});
