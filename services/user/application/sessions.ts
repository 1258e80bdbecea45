import type { Logger } from '@platform/libs/telemetry';
import { type Method, scopesOf } from '../domain/permissions';
import { decideRefresh, sessionState, type Timeouts } from '../domain/session';
import { digest, newOpaque } from './opaque';
import type { Clock, SessionRecord, SessionStore, TokenIssuer, User } from './ports';

export interface SessionsDeps {
  store: SessionStore;
  tokens: TokenIssuer;
  timeouts: Timeouts;
  clock: Clock;
  newId: () => string;
  logger: Logger;
}

/** What a client gets. Times in seconds. */
export interface Issued {
  accessToken: string;
  expiresIn: number;
  scopes: string[];
}
export interface IssuedWithRefresh extends Issued {
  /** Good for one refresh. */
  refreshToken: string;
  refreshExpiresIn: number;
}

/** An OAuth client for which a session is opened. */
export interface Grant {
  clientId: string;
  scopes: string[];
  sessionId: string;
}

export interface Sessions {
  start(user: User, methods: Method[], grant?: Grant): Promise<IssuedWithRefresh>;
  /** @returns 'refused' for any token that is not the newest of a live session of this client. */
  refresh(token: string, clientId?: string): Promise<IssuedWithRefresh | 'refused'>;
  /** A token that says that the user proved themselves by one more method. */
  stepUp(sessionId: string, method: Method): Promise<Issued | 'refused'>;
  isLive(sessionId: string, userId: string): Promise<boolean>;
  list(userId: string): Promise<SessionRecord[]>;
  /** False when the user has no such session. */
  end(userId: string, sessionId: string): Promise<boolean>;
  endAll(userId: string, except?: string): Promise<void>;
  /** By one of its refresh tokens (RFC 7009). Says nothing about tokens it does not know. */
  endByToken(token: string, clientId: string): Promise<void>;
}

export function createSessions({ store, tokens, timeouts, clock, newId, logger }: SessionsDeps): Sessions {
  const issue = async (session: SessionRecord, user: User): Promise<Issued> => {
    const scopes = scopesOf(user.roles, session.methods, session.scopes);
    const issued = await tokens.issue(
      {
        subject: user.id,
        roles: user.roles,
        scopes,
        methods: session.methods,
        sessionId: session.id,
        clientId: session.clientId,
      },
      clock.now(),
    );
    return { ...issued, scopes };
  };
  const withRefresh = async (session: SessionRecord, user: User, refreshToken: string) => {
    const untilEnd = session.expiresAt.getTime() - clock.now().getTime();
    const refreshExpiresIn = Math.floor(Math.min(timeouts.idleMs, untilEnd) / 1000);
    return { ...(await issue(session, user)), refreshToken, refreshExpiresIn };
  };
  const isLive = (session: SessionRecord) => sessionState(session, clock.now(), timeouts) === 'live';

  return {
    async start(user, methods, grant) {
      const now = clock.now();
      const session: SessionRecord = {
        id: grant?.sessionId ?? newId(),
        userId: user.id,
        methods,
        createdAt: now,
        lastUsedAt: now,
        expiresAt: new Date(now.getTime() + timeouts.absoluteMs),
        clientId: grant?.clientId,
        scopes: grant?.scopes,
      };
      const refreshToken = newOpaque();
      await store.open(session, digest(refreshToken));
      return withRefresh(session, user, refreshToken);
    },
    async refresh(token, clientId) {
      const now = clock.now();
      const next = newOpaque();
      const answer = await store.refresh({
        digest: digest(token),
        next: digest(next),
        now,
        decide: (found) => {
          if (found && found.session.clientId !== clientId) return 'unknown';
          const decision = decideRefresh(found, now, timeouts);
          return decision === 'rotate' && found?.locked ? 'ended' : decision;
        },
      });
      if (answer.outcome === 'rotated') return withRefresh(answer.session, answer.user, next);
      if (answer.outcome === 'reused') {
        const { id: sessionId, userId } = answer.session ?? {};
        logger.warn({ sessionId, userId }, 'a refresh token came again: its session was ended');
      }
      return 'refused';
    },
    async stepUp(sessionId, method) {
      await store.addMethod(sessionId, method);
      const found = await store.find(sessionId);
      return found && isLive(found.session) ? issue(found.session, found.user) : 'refused';
    },
    async isLive(sessionId, userId) {
      const found = await store.find(sessionId);
      return found !== undefined && found.user.id === userId && isLive(found.session);
    },
    list: async (userId) => (await store.ofUser(userId)).filter(isLive),
    end: async (userId, id) => (await store.revoke({ userId, id }, clock.now())) > 0,
    async endAll(userId, except) {
      await store.revoke({ userId, except }, clock.now());
    },
    async endByToken(token, clientId) {
      await store.refresh({
        digest: digest(token),
        next: digest(newOpaque()),
        now: clock.now(),
        // What ends a family that was stolen ends one that is given back.
        decide: (found) => (found?.session.clientId === clientId ? 'reused' : 'unknown'),
      });
    },
  };
}
