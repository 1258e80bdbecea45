import type { AuditEntry, Clock, SessionRecord, User } from './ports';

export const USER_TOPIC = 'user.user.v1';

/** Everything this service keeps about somebody, but what only proves who they are. */
export interface PersonalData {
  profile: User & { createdAt: Date; lockedAt?: Date };
  secondFactor: boolean;
  sessions: Pick<SessionRecord, 'id' | 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'clientId'>[];
  audit: Omit<AuditEntry, 'subject'>[];
}

export interface PrivacyStore {
  /** Notes the export, then reads; undefined when there is no such account. */
  export(id: string, entry: AuditEntry): Promise<PersonalData | undefined>;
  /**
   * Overwrites what identifies the person, deletes sessions and factors, notes it and tells the other services, all or
   * nothing. 'last-admin' when nobody would be left to run the shop.
   */
  erase(id: string, entry: AuditEntry): Promise<'erased' | 'unknown' | 'last-admin'>;
}

/** Another service that keeps something about the person. */
export interface PersonalDataSource {
  /** Its key in the export: 'order'. */
  name: string;
  /** With the person's own authorisation. @throws a retriable error when it cannot answer now. */
  fetch(authorization: string): Promise<unknown>;
}

export interface PrivacyDeps {
  store: PrivacyStore;
  sources: PersonalDataSource[];
  clock: Clock;
}

export interface Privacy {
  /** All of it or an error: an export with a part missing would be untrue. */
  export(id: string, authorization: string): Promise<Record<string, unknown> | undefined>;
  erase(id: string): Promise<'erased' | 'unknown' | 'last-admin'>;
}

export function createPrivacy({ store, sources, clock }: PrivacyDeps): Privacy {
  const entry = (action: string, id: string): AuditEntry => ({
    actor: id,
    action,
    subject: id,
    at: clock.now(),
  });
  return {
    async export(id, authorization) {
      const parts = await Promise.all(
        sources.map(async ({ name, fetch }) => [name, await fetch(authorization)] as const),
      );
      const user = await store.export(id, entry('user.exported', id));
      return user && { exportedAt: clock.now(), user, ...Object.fromEntries(parts) };
    },
    erase: (id) => store.erase(id, entry('user.erased', id)),
  };
}
