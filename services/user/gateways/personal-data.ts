import { forbidden } from '@platform/libs/http';
import { type HttpClient, UpstreamError } from '@platform/libs/resilience';
import type { PersonalDataSource } from '../application/privacy';

export interface SourceOptions {
  name: string;
  client: HttpClient;
  path: string;
}

/** Asks a service for what it keeps about whoever the authorisation is of. */
export const createPersonalDataSource = ({ name, client, path }: SourceOptions): PersonalDataSource => ({
  name,
  async fetch(authorization) {
    const { status, body } = await client.request('GET', path, { headers: { authorization } });
    if (status === 200 && body !== undefined) return body;
    if (status === 403) throw forbidden(`The access token does not allow to read what ${name} keeps.`);
    throw new UpstreamError(name, `answered ${status} when asked for personal data`, true);
  },
});
