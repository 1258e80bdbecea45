import { databaseSecretName } from '../catalog/checks';
import type { ServiceEntry } from '../catalog/schema';
import { type EnvVar, fromSecret, type Mount, secretFile } from '../components/pod';
import { SigningKeys } from '../components/signing-keys';
import { InputError } from '../input-error';
import { appName, type Context, publicUrl, secretNames } from './context';
import { databaseMounts, dataEnvironment, poolSizeOf, readsReplica } from './data-access';
import { certificateSecret } from './event-store';
import { kafkaEnvironment, kafkaMounts } from './kafka-access';
import { fetchedFirst, secretsReadBy } from './secrets';

const eventStoreFolder = '/var/run/secrets/event-store-ca';
const eventStoreAuthority = 'ca.crt';
const signingKeysFolder = '/var/run/secrets/jwt';

const plain = (name: string, value: string): EnvVar => ({ name, value });
const when = <T>(condition: boolean, ...values: T[]): T[] => (condition ? values : []);
const addressVariable = (name: string) => `${name.toUpperCase().replace(/-/g, '_')}_SERVICE_URL`;

/** Everything a service's process reads, secrets by reference only. `env` of the catalogue comes last and cannot hide the rest. */
export function serviceEnvironment(
  service: ServiceEntry,
  context: Pick<Context, 'services' | 'config'>,
): EnvVar[] {
  const { services, config } = context;
  const issuer = services.find(({ authentication }) => authentication === 'issues');
  const secrets = Object.entries(service.secrets);
  const own = [
    plain('SERVICE_NAME', appName(service)),
    plain('ENVIRONMENT', config.environment),
    plain('PORT', String(service.port)),
    ...when(!Object.hasOwn(service.env, 'LOG_LEVEL'), plain('LOG_LEVEL', 'info')),
    ...when(Boolean(service.database), fromSecret('DATABASE_URL', databaseSecretName(service), 'url')),
    ...(service.database
      ? [plain('DATABASE_POOL_SIZE', String(poolSizeOf(services, config.postgres.maxConnections)))]
      : []),
    ...when(
      readsReplica(service),
      fromSecret('DATABASE_REPLICA_URL', databaseSecretName(service), 'replica-url'),
    ),
    ...dataEnvironment(config.aws),
    ...when(service.cache, fromSecret('REDIS_URL', secretNames.redis, 'url')),
    ...when(
      service.eventStore && config.eventStore === 'kurrentdb',
      fromSecret('EVENT_STORE_URL', secretNames.eventStore, 'url'),
      plain('EVENT_STORE_CA_FILE', `${eventStoreFolder}/${eventStoreAuthority}`),
    ),
    ...kafkaEnvironment(context, service),
    ...service.calls.map((name) => plain(addressVariable(name), `http://${appName({ name })}`)),
    ...when(
      service.authentication === 'verifies' && issuer !== undefined,
      plain('JWKS_URL', `http://${appName(issuer ?? service)}/.well-known/jwks.json`),
    ),
    ...when(
      service.authentication === 'issues',
      plain('JWT_SIGNING_KEYS_FILE', `${signingKeysFolder}/${SigningKeys.fileName}`),
    ),
    // Where others send people, or messages, back to.
    ...when(service.authentication === 'issues' || service.internet, plain('PUBLIC_URL', publicUrl(config))),
    ...secrets.flatMap(([name, secret]) =>
      Object.entries(secret.env).map(([variable, key]) => fromSecret(variable, name, key)),
    ),
    ...fetchedFirst(context, secretsReadBy(service)),
  ];
  const taken = new Set(own.map(({ name }) => name));
  const clash = Object.keys(service.env).find((name) => taken.has(name));
  if (clash) {
    throw new InputError(`${service.name}.yaml: env.${clash}: the platform sets ${clash} itself; remove it`);
  }
  return [...own, ...Object.entries(service.env).map(([name, value]) => plain(name, value))];
}

/** Files a service's process reads: the issuer's signing keys, the authority that Kafka's certificates come from. */
export const serviceMounts = (service: ServiceEntry, context: Pick<Context, 'config'>): Mount[] => [
  ...when(
    service.authentication === 'issues',
    secretFile(signingKeysFolder, secretNames.signingKeys, SigningKeys.fileName),
  ),
  ...when(
    service.eventStore && context.config.eventStore === 'kurrentdb',
    secretFile(eventStoreFolder, certificateSecret, eventStoreAuthority),
  ),
  ...when(Boolean(service.database), ...databaseMounts(context.config.aws)),
  ...kafkaMounts(context, service),
];
