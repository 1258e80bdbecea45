import type { Method } from '../domain/permissions';
import type { SecondFactor } from '../domain/second-factor';
import type { decideRefresh, Session } from '../domain/session';

export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

export interface User {
  id: string;
  email: string;
  name: string;
  roles: string[];
}

export interface StoredUser extends User {
  passwordHash: string;
  createdAt: Date;
  lockedAt?: Date;
}

export interface UserStore {
  /** False when the address is taken. */
  add(user: User & { passwordHash: string }): Promise<boolean>;
  /** Erased accounts are not found. */
  byEmail(email: string): Promise<StoredUser | undefined>;
  byId(id: string): Promise<StoredUser | undefined>;
  replaceHash(id: string, passwordHash: string): Promise<void>;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** True when the hash was made with weaker parameters than today's. */
  outdated(hash: string): boolean;
}

export interface OneTimeCodes {
  /** A new secret (base32) and what an authenticator app scans. */
  create(label: string): { secret: string; uri: string };
  /** The time step `code` belongs to, at most one from `now`'s; undefined when it is none of these. */
  stepOf(secret: string, code: string, now: Date): number | undefined;
}

/** Encrypts what is stored; `owner` is bound in. */
export interface SecretBox {
  seal(text: string, owner: string): Buffer;
  /** @throws when it was sealed for another owner, with another key, or changed. */
  open(box: Buffer, owner: string): string;
}

/** What a token says. */
export interface Claims {
  /** The user's id, or a machine's client id. */
  subject: string;
  roles: readonly string[];
  scopes: readonly string[];
  /** None for machines. */
  methods?: readonly Method[];
  sessionId?: string;
  /** The OAuth client that acts; none in the shop's own log-in. */
  clientId?: string;
}

export interface TokenIssuer {
  /** `expiresIn` in seconds. */
  issue(claims: Claims, now: Date): Promise<{ accessToken: string; expiresIn: number }>;
}

export interface SessionRecord extends Session {
  methods: Method[];
  createdAt: Date;
  /** The OAuth client it was opened for, and what that may do. */
  clientId?: string;
  scopes?: string[];
}

export interface SessionStore {
  open(session: SessionRecord, tokenDigest: Buffer): Promise<void>;
  /** Sessions of the user that are not revoked, newest first. */
  ofUser(userId: string): Promise<SessionRecord[]>;
  /** With its user, unless that is locked or gone. */
  find(id: string): Promise<{ session: SessionRecord; user: User } | undefined>;
  /** Notes that the user proved themselves by one more method. */
  addMethod(id: string, method: Method): Promise<void>;
  /** Of the user: the one with `id`, or all but `except`, or all. @returns how many. */
  revoke(which: { userId: string; id?: string; except?: string }, at: Date): Promise<number>;
  /** In one transaction: what `decide` says of the token; rotates it, or ends its whole family when it was reused. */
  refresh(request: {
    digest: Buffer;
    next: Buffer;
    now: Date;
    decide: (
      found: { session: SessionRecord; usedAt?: Date; locked: boolean } | undefined,
    ) => ReturnType<typeof decideRefresh>;
  }): Promise<
    | { outcome: 'rotated'; session: SessionRecord; user: User }
    | { outcome: 'unknown' | 'ended' | 'reused'; session?: SessionRecord }
  >;
  /** Forgets what ended before `before`. */
  prune(before: Date): Promise<void>;
}

export interface RecoveryCodes {
  /** False when there is no such unused code. */
  use(digest: Buffer): Promise<boolean>;
  replace(digests: Buffer[]): Promise<void>;
}

export interface SecondFactorStore {
  find(userId: string): Promise<SecondFactor | undefined>;
  /** Begins or begins again. False when there is a confirmed one. */
  begin(userId: string, sealedSecret: Buffer): Promise<boolean>;
  /** With the record locked, so that codes are judged one after the other. */
  change<T>(
    userId: string,
    work: (
      record: { factor: SecondFactor; sealedSecret: Buffer },
      recovery: RecoveryCodes,
    ) => Promise<{ factor: SecondFactor; result: T }>,
  ): Promise<T | undefined>;
  remove(userId: string): Promise<void>;
}

export interface AuditEntry {
  /** Who did it: a user's id, or 'operator' for a command. */
  actor: string;
  action: string;
  /** The user it is about. */
  subject: string;
  at: Date;
  detail?: Record<string, unknown>;
}
