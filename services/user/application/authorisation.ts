import { timingSafeEqual } from 'node:crypto';
import {
  type AuthorisationRequest,
  type Client,
  checkAuthorisation,
  clientProblem,
  demandGrant,
  grantedScopes,
  OAuthError,
  provesChallenge,
  redirectUriOf,
} from '../domain/oauth';
import type { Method } from '../domain/permissions';
import type { Accounts, Credentials, Refusal } from './accounts';
import { digest, newOpaque } from './opaque';
import type { AuditEntry, Clock, TokenIssuer, User } from './ports';
import type { IssuedWithRefresh, Sessions } from './sessions';

/** How long a code may be redeemed, ms. A browser needs a second. */
const CODE_MS = 60_000;

export interface AuthorisationCode {
  clientId: string;
  userId: string;
  redirectUri: string;
  challenge: string;
  scopes: string[];
  methods: Method[];
  /** The session that comes of it, known beforehand so that a code used twice can end it. */
  sessionId: string;
  expiresAt: Date;
}

export interface AuthorisationStore {
  client(id: string): Promise<Client | undefined>;
  /** False when the id is taken. */
  addClient(client: Client, entry: AuditEntry): Promise<boolean>;
  /** There already: it becomes this one. @returns whether anything changed, which is when `entry` is written. */
  putClient(client: Client, entry: AuditEntry): Promise<boolean>;
  saveCode(digest: Buffer, code: AuthorisationCode): Promise<void>;
  /** Marks it as used, whatever comes of it. `again`: it was used before. */
  takeCode(digest: Buffer, now: Date): Promise<{ code: AuthorisationCode; again: boolean } | undefined>;
  prune(before: Date): Promise<void>;
}

export interface AuthorisationDeps {
  store: AuthorisationStore;
  accounts: Pick<Accounts, 'authenticate' | 'find'>;
  sessions: Pick<Sessions, 'start' | 'refresh' | 'end' | 'endByToken'>;
  tokens: TokenIssuer;
  clock: Clock;
  newId: () => string;
}

/** What a client shows of itself at the token endpoint. */
export interface ClientCredentials {
  id?: string;
  secret?: string;
}

export type TokenRequest = Partial<
  Record<'grant_type' | 'code' | 'redirect_uri' | 'code_verifier' | 'refresh_token' | 'scope', string>
>;

export type Granted = Pick<IssuedWithRefresh, 'accessToken' | 'expiresIn' | 'scopes'> &
  Partial<Pick<IssuedWithRefresh, 'refreshToken'>>;

export interface Authorisation {
  /**
   * Whom a person would let in, and where to answer; undefined when the answer must not leave this page.
   * `error` is to be told to the client by redirect.
   */
  look(
    request: AuthorisationRequest,
  ): Promise<{ client: Client; redirectUri: string; scopes: string[]; error?: OAuthError } | undefined>;
  /** A one-time code for a person who proved who they are. The request must have passed `look`. */
  approve(
    request: AuthorisationRequest,
    email: string,
    credentials: Credentials,
  ): Promise<{ code: string } | { refused: Refusal }>;
  /** @throws OAuthError (RFC 6749, 5.2) */
  grant(credentials: ClientCredentials, request: TokenRequest): Promise<Granted>;
  /** @throws OAuthError invalid_client */
  revoke(credentials: ClientCredentials, token: string): Promise<void>;
}

export function createAuthorisation(deps: AuthorisationDeps): Authorisation {
  const { store, accounts, sessions, tokens, clock, newId } = deps;

  const authenticateClient = async ({ id, secret }: ClientCredentials): Promise<Client> => {
    const client = id === undefined ? undefined : await store.client(id);
    const wanted = client?.secretDigest;
    const proved = wanted
      ? secret !== undefined && timingSafeEqual(digest(secret), wanted)
      : secret === undefined;
    if (!client || !proved)
      throw new OAuthError('invalid_client', 'the client is not known by these credentials');
    return client;
  };

  const redeem = async (client: Client, request: TokenRequest): Promise<Granted> => {
    const taken =
      request.code === undefined ? undefined : await store.takeCode(digest(request.code), clock.now());
    const refuse = () =>
      new OAuthError('invalid_grant', 'the code is not valid, or not for this client, or was used');
    if (!taken) throw refuse();
    const { code, again } = taken;
    if (again) {
      // One of the two who had it stole it (RFC 9700, 4.5): what it gave ends as well.
      await sessions.end(code.userId, code.sessionId);
      throw refuse();
    }
    const fits =
      code.clientId === client.id &&
      code.redirectUri === request.redirect_uri &&
      code.expiresAt > clock.now() &&
      provesChallenge(request.code_verifier ?? '', code.challenge);
    const user: User | undefined = fits ? await accounts.find(code.userId) : undefined;
    if (!user) throw refuse();
    const { sessionId, scopes, methods } = code;
    const issued = await sessions.start(user, methods, { clientId: client.id, scopes, sessionId });
    return client.grants.includes('refresh_token') ? issued : { ...issued, refreshToken: undefined };
  };

  const refresh = async (client: Client, { refresh_token: token }: TokenRequest): Promise<Granted> => {
    const issued = token === undefined ? 'refused' : await sessions.refresh(token, client.id);
    if (issued === 'refused')
      throw new OAuthError('invalid_grant', 'the refresh token is not valid any more');
    return issued;
  };

  const grantToItself = async (client: Client, { scope }: TokenRequest): Promise<Granted> => {
    const scopes = grantedScopes(client, scope);
    const claims = { subject: client.id, roles: [], scopes, clientId: client.id };
    return { ...(await tokens.issue(claims, clock.now())), scopes };
  };

  return {
    async look(request) {
      const client = request.client_id === undefined ? undefined : await store.client(request.client_id);
      const redirectUri = redirectUriOf(client, request.redirect_uri);
      if (!client || redirectUri === undefined) return undefined;
      try {
        return { client, redirectUri, ...checkAuthorisation(client, request) };
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error;
        return { client, redirectUri, scopes: [], error };
      }
    },
    async approve(request, email, credentials) {
      const looked = await this.look(request);
      if (!looked || looked.error) throw looked?.error ?? new OAuthError('invalid_request', 'unknown client');
      const proof = await accounts.authenticate(email, credentials);
      if (proof.outcome !== 'proved') return { refused: proof.outcome };
      const code = newOpaque();
      await store.saveCode(digest(code), {
        clientId: looked.client.id,
        userId: proof.user.id,
        redirectUri: looked.redirectUri,
        challenge: request.code_challenge as string,
        scopes: looked.scopes,
        methods: proof.methods,
        sessionId: newId(),
        expiresAt: new Date(clock.now().getTime() + CODE_MS),
      });
      return { code };
    },
    async grant(credentials, request) {
      const client = await authenticateClient(credentials);
      const grants = {
        authorization_code: redeem,
        refresh_token: refresh,
        client_credentials: grantToItself,
      };
      const type = request.grant_type;
      if (type !== 'authorization_code' && type !== 'refresh_token' && type !== 'client_credentials') {
        const known = Object.keys(grants).join(', ');
        throw type === undefined
          ? new OAuthError('invalid_request', `send grant_type: ${known}`)
          : new OAuthError('unsupported_grant_type', `there are ${known}`);
      }
      demandGrant(client, type);
      return grants[type](client, request);
    },
    async revoke(credentials, token) {
      const client = await authenticateClient(credentials);
      await sessions.endByToken(token, client.id);
    },
  };
}

/** @returns the secret of a client that has one, shown this once. @throws Error saying what is wrong. */
export async function registerClient(
  { store, clock }: Pick<AuthorisationDeps, 'store' | 'clock'>,
  input: Omit<Client, 'secretDigest'>,
  { confidential }: { confidential: boolean },
): Promise<{ secret?: string }> {
  const secret = confidential ? newOpaque() : undefined;
  const client: Client = { ...input, secretDigest: secret === undefined ? undefined : digest(secret) };
  const problem = clientProblem(client);
  if (problem) throw new Error(`The client cannot be registered: ${problem}`);
  const entry = { actor: 'operator', action: 'client.created', subject: client.id, at: clock.now() };
  if (!(await store.addClient(client, entry))) {
    throw new Error(`There is a client ${client.id} already; choose another id`);
  }
  return { secret };
}

/** A part of the platform, which is given its secret: registered at every start, so that it is always the one in use. */
export async function installMachine(
  { store, clock }: Pick<AuthorisationDeps, 'store' | 'clock'>,
  input: Omit<Client, 'secretDigest'>,
  secret: string,
): Promise<void> {
  const entry = { actor: 'platform', action: 'client.installed', subject: input.id, at: clock.now() };
  await store.putClient({ ...input, secretDigest: digest(secret) }, entry);
}
