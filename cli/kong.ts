import { readFileSync } from 'node:fs';
import { loadCatalogue } from '@platform/infra/catalog/load';
import type { Environment } from '@platform/infra/catalog/schema';
import { kongFile } from '@platform/infra/components/gateway/kong-file';
import type { VerifyingKey } from '@platform/infra/components/gateway/model';
import { project } from '@platform/infra/config';
import { gatewayServiceOf } from '@platform/infra/stacks/gateway-model';
import { LocalError } from '@platform/local/errors';
import { stringify } from 'yaml';

/** @throws LocalError when the file holds no key set */
function readKeys(file: string): VerifyingKey[] {
  try {
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: VerifyingKey[] };
    // What a private key has beyond its public half must not get any further.
    return keys.map(({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use }));
  } catch (error) {
    throw new LocalError(`${file} is no key set: ${(error as Error).message}`, {
      hint: 'Save what the shop answers at /.well-known/jwks.json and name that file.',
    });
  }
}

/** The front door of an environment as text of a `kong.yml`. @param keySetFile JSON Web Key Set; without one no token is accepted */
export function renderKong(environment: Environment, keySetFile?: string): string {
  const services = loadCatalogue(environment)
    .filter(({ routes }) => routes.length > 0)
    .map((service) => gatewayServiceOf(project, service));
  const keys = keySetFile === undefined ? [] : readKeys(keySetFile);
  return stringify(kongFile(services, keys), { aliasDuplicateObjects: false });
}
