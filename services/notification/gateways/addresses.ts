import { type HttpClient, UpstreamError } from '@platform/libs/resilience';
import { z } from 'zod';
import type { Addresses, Clock } from '../application/ports';

export interface AddressesOptions {
  client: HttpClient;
  credentials: { id: string; secret: string };
  clock: Clock;
}

const granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const contact = z.object({ email: z.string().min(3) });
const gone = z.object({ type: z.literal('urn:ecommerce-platform:problem:no-such-account') });

/** How long before its end a token is not used any more. */
const MARGIN_MS = 30_000;

/** Asks the user service, as the OAuth client this service is, for one address at a time; keeps none. */
export const createAddresses = ({ client, credentials, clock }: AddressesOptions): Addresses => {
  let held: { token: Promise<string>; until: number } | undefined;
  const fetchToken = async (): Promise<string> => {
    const { status, body } = await client.request('POST', '/v1/oauth/token', {
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'users:contact',
        ...{ client_id: credentials.id, client_secret: credentials.secret },
      }),
    });
    const parsed = granted.safeParse(body);
    if (status !== 200 || !parsed.success) {
      throw new UpstreamError('user', `answered ${status} when asked for a token`, true, status);
    }
    if (held) held.until = Date.parse(clock.now()) + parsed.data.expires_in * 1000 - MARGIN_MS;
    return parsed.data.access_token;
  };
  /** One for all who ask meanwhile. */
  const token = (): Promise<string> => {
    if (!held || held.until <= Date.parse(clock.now())) {
      const fetching = fetchToken();
      held = { token: fetching, until: Number.POSITIVE_INFINITY };
      fetching.catch(() => {
        held = undefined;
      });
    }
    return held.token;
  };

  return async (customerId) => {
    const path = `/v1/users/${encodeURIComponent(customerId)}/contact`;
    const { status, body } = await client.request('GET', path, {
      headers: { authorization: `Bearer ${await token()}` },
    });
    const parsed = contact.safeParse(body);
    if (status === 200 && parsed.success) return parsed.data.email;
    // Only what says so itself: a proxy that knows no way there answers 404 as well.
    if (status === 404 && gone.safeParse(body).success) return 'gone';
    // A token of a key that is not known any more, or of a client whose secret has changed.
    if (status === 401) held = undefined;
    throw new UpstreamError('user', `answered ${status} when asked for an address`, true, status);
  };
};
