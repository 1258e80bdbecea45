import { normaliseEmail } from '../domain/email';
import type { Method } from '../domain/permissions';
import type { PasswordHasher, StoredUser, User, UserStore } from './ports';
import type { SecondFactors } from './second-factors';

export interface AccountsDeps {
  users: UserStore;
  hasher: PasswordHasher;
  factors: Pick<SecondFactors, 'isConfirmed' | 'check'>;
  newId: () => string;
  onRegistered?: () => void;
}

/** What somebody shows to prove who they are. `code`: from the authenticator app, or a recovery code. */
export interface Credentials {
  password: string;
  code?: string;
}

export type Proof =
  | { outcome: 'proved'; user: User; methods: Method[] }
  | { outcome: 'wrong' | 'locked' | 'code-required' | 'code-wrong' | 'code-locked' };
export type Refusal = Exclude<Proof['outcome'], 'proved'>;

export interface Accounts {
  /** 'taken' when the address has an account. Takes as long either way. */
  register(input: { email: string; password: string; name: string }): Promise<User | 'taken'>;
  /** 'wrong' when address and password do not belong together, whichever it is, and as late either way. */
  authenticate(email: string, credentials: Credentials): Promise<Proof>;
  /** The same for somebody who is logged in and asks for something grave. */
  authenticateAgain(id: string, credentials: Credentials): Promise<Proof>;
  changePassword(id: string, password: string): Promise<void>;
  /** Undefined for an account that is locked, too. */
  find(id: string): Promise<User | undefined>;
}

export function createAccounts({ users, hasher, factors, newId, onRegistered }: AccountsDeps): Accounts {
  // Checked in place of the hash an unknown address does not have, so that time does not tell who has an account.
  const decoy = hasher.hash(newId());
  decoy.catch(() => undefined);

  const prove = async (user: StoredUser | undefined, { password, code }: Credentials): Promise<Proof> => {
    const matches = await hasher.verify(user?.passwordHash ?? (await decoy), password);
    if (!user || !matches) return { outcome: 'wrong' };
    if (user.lockedAt) return { outcome: 'locked' };
    if (hasher.outdated(user.passwordHash)) await users.replaceHash(user.id, await hasher.hash(password));
    if (!(await factors.isConfirmed(user.id))) return { outcome: 'proved', user, methods: ['pwd'] };
    if (code === undefined) return { outcome: 'code-required' };
    const check = await factors.check(user.id, code);
    return check === 'accepted'
      ? { outcome: 'proved', user, methods: ['pwd', 'otp'] }
      : { outcome: check === 'locked' ? 'code-locked' : 'code-wrong' };
  };

  return {
    async register({ email, password, name }) {
      const passwordHash = await hasher.hash(password);
      const user: User = {
        id: newId(),
        email: normaliseEmail(email),
        name: name.trim(),
        roles: ['customer'],
      };
      if (!(await users.add({ ...user, passwordHash }))) return 'taken';
      onRegistered?.();
      return user;
    },
    authenticate: async (email, credentials) =>
      prove(await users.byEmail(normaliseEmail(email)), credentials),
    authenticateAgain: async (id, credentials) => prove(await users.byId(id), credentials),
    changePassword: async (id, password) => users.replaceHash(id, await hasher.hash(password)),
    async find(id) {
      const user = await users.byId(id);
      return user?.lockedAt ? undefined : user;
    },
  };
}
