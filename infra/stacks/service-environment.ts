import { databaseSecretName } from '../catalog/checks';
import type { Environment, ServiceEntry } from '../catalog/schema';
import { type EnvVar, fromSecret, type Mount, secretFile } from '../components/pod';
import { SigningKeys } from '../components/signing-keys';
import { InputError } from '../input-error';
import { appName, secretNames, servers, usesTopics } from './context';

const signingKeysFolder = '/var/run/secrets/jwt';

const plain = (name: string, value: string): EnvVar => ({ name, value });
const when = <T>(condition: boolean, ...values: T[]): T[] => (condition ? values : []);
const addressVariable = (name: string) => `${name.toUpperCase().replace(/-/g, '_')}_SERVICE_URL`;

/** Everything a service's process reads, secrets by reference only. `env` of the catalogue comes last and cannot hide the rest. */
export function serviceEnvironment(
  service: ServiceEntry,
  services: ServiceEntry[],
  environment: Environment,
): EnvVar[] {
  const issuer = services.find(({ authentication }) => authentication === 'issues');
  const secrets = Object.entries(service.secrets);
  const own = [
    plain('SERVICE_NAME', appName(service)),
    plain('ENVIRONMENT', environment),
    plain('PORT', String(service.port)),
    ...when(!Object.hasOwn(service.env, 'LOG_LEVEL'), plain('LOG_LEVEL', 'info')),
    ...when(Boolean(service.database), fromSecret('DATABASE_URL', databaseSecretName(service), 'url')),
    ...when(service.cache, fromSecret('REDIS_URL', secretNames.redis, 'url')),
    ...when(usesTopics(service), plain('KAFKA_BROKERS', `${servers.kafka.app}:${servers.kafka.port}`)),
    ...service.calls.map((name) => plain(addressVariable(name), `http://${appName({ name })}`)),
    ...when(
      service.authentication === 'verifies' && issuer !== undefined,
      plain('JWKS_URL', `http://${appName(issuer ?? service)}/.well-known/jwks.json`),
    ),
    ...when(
      service.authentication === 'issues',
      plain('JWT_SIGNING_KEYS_FILE', `${signingKeysFolder}/${SigningKeys.fileName}`),
    ),
    ...secrets.flatMap(([name, secret]) =>
      Object.entries(secret.env).map(([variable, key]) => fromSecret(variable, name, key)),
    ),
  ];
  const taken = new Set(own.map(({ name }) => name));
  const clash = Object.keys(service.env).find((name) => taken.has(name));
  if (clash) {
    throw new InputError(`${service.name}.yaml: env.${clash}: the platform sets ${clash} itself; remove it`);
  }
  return [...own, ...Object.entries(service.env).map(([name, value]) => plain(name, value))];
}

/** Files a service's process reads: the issuer's signing keys. */
export const serviceMounts = (service: ServiceEntry): Mount[] =>
  when(
    service.authentication === 'issues',
    secretFile(signingKeysFolder, secretNames.signingKeys, SigningKeys.fileName),
  );
