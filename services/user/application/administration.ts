import { normaliseEmail } from '../domain/email';
import type { AuditEntry, Clock, PasswordHasher, StoredUser, User } from './ports';

/** What staff see of an account. */
export interface Account extends User {
  createdAt: Date;
  lockedAt?: Date;
}

export interface AdministrationStore {
  /** By id; `after` is the last id of the page before. */
  list(query: { email?: string; after?: string; limit: number }): Promise<Account[]>;
  /**
   * Each change ends the sessions of the account and writes `entry`, all or nothing. False when there is no such
   * account, 'last-admin' when nobody would be left to undo it.
   */
  setLock(id: string, lockedAt: Date | undefined, entry: AuditEntry): Promise<boolean | 'last-admin'>;
  setRoles(id: string, roles: string[], entry: AuditEntry): Promise<boolean | 'last-admin'>;
  /** Refused ('exists') as soon as there is an admin, ('taken') when the address has an account. */
  addFirstAdmin(
    user: User & Pick<StoredUser, 'passwordHash'>,
    entry: AuditEntry,
  ): Promise<'added' | 'exists' | 'taken'>;
}

export interface AdministrationDeps {
  store: AdministrationStore;
  hasher: Pick<PasswordHasher, 'hash'>;
  clock: Clock;
  newId: () => string;
}

export interface Administration {
  list: AdministrationStore['list'];
  setLock(actor: string, id: string, locked: boolean): Promise<boolean | 'last-admin'>;
  setRoles(actor: string, id: string, roles: string[]): Promise<boolean | 'last-admin'>;
  createFirstAdmin(input: { email: string; password: string }): Promise<'added' | 'exists' | 'taken'>;
}

export function createAdministration({ store, hasher, clock, newId }: AdministrationDeps): Administration {
  return {
    list: ({ email, ...query }) => store.list({ ...query, email: email && normaliseEmail(email) }),
    setLock(actor, subject, locked) {
      const at = clock.now();
      const action = locked ? 'user.locked' : 'user.unlocked';
      return store.setLock(subject, locked ? at : undefined, { actor, action, subject, at });
    },
    setRoles: (actor, subject, roles) =>
      store.setRoles(subject, roles, {
        actor,
        action: 'user.roles-changed',
        subject,
        at: clock.now(),
        detail: { roles },
      }),
    async createFirstAdmin({ email, password }) {
      const id = newId();
      const user = { id, email: normaliseEmail(email), name: 'Administrator', roles: ['customer', 'admin'] };
      const entry = { actor: 'operator', action: 'admin.created', subject: id, at: clock.now() };
      return store.addFirstAdmin({ ...user, passwordHash: await hasher.hash(password) }, entry);
    },
  };
}
