import { normaliseEmail } from '../domain/email';

export interface User {
  id: string;
  email: string;
  name: string;
  roles: string[];
}

export interface StoredUser extends User {
  passwordHash: string;
}

export interface UserStore {
  /** False when the address is taken. */
  add(user: StoredUser): Promise<boolean>;
  byEmail(email: string): Promise<StoredUser | undefined>;
  byId(id: string): Promise<User | undefined>;
  replaceHash(id: string, passwordHash: string): Promise<void>;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** True when the hash was made with weaker parameters than today's. */
  outdated(hash: string): boolean;
}

export interface TokenIssuer {
  issue(user: User): Promise<{ accessToken: string; expiresIn: number }>;
}

export interface AccountsDeps {
  users: UserStore;
  hasher: PasswordHasher;
  tokens: TokenIssuer;
  newId: () => string;
  onRegistered?: () => void;
}

export interface Accounts {
  /** 'taken' when the address has an account. Takes as long either way. */
  register(input: { email: string; password: string; name: string }): Promise<User | 'taken'>;
  /** Undefined when address and password do not belong together, whichever is wrong. Takes as long either way. */
  login(email: string, password: string): Promise<{ accessToken: string; expiresIn: number } | undefined>;
  find(id: string): Promise<User | undefined>;
}

export function createAccounts({ users, hasher, tokens, newId, onRegistered }: AccountsDeps): Accounts {
  // Checked in place of the hash an unknown address does not have, so that time does not tell who has an account.
  const decoy = hasher.hash(newId());
  decoy.catch(() => undefined);

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
    async login(email, password) {
      const user = await users.byEmail(normaliseEmail(email));
      const matches = await hasher.verify(user?.passwordHash ?? (await decoy), password);
      if (!user || !matches) return undefined;
      if (hasher.outdated(user.passwordHash)) await users.replaceHash(user.id, await hasher.hash(password));
      return tokens.issue(user);
    },
    find: (id) => users.byId(id),
  };
}
