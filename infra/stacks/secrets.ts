// Every Secret of the platform: where its values come from, who reads it, and which generation of them is in use.
import { databaseSecretName, declaredSecrets } from '../catalog/checks';
import type { ServiceEntry } from '../catalog/schema';
import { generationKey } from '../components/external-secret-spec';
import { type EnvVar, fromSecret } from '../components/pod';
import type { Keys, SecretSource } from '../components/secret';
import { project } from '../config';
import { InputError } from '../input-error';
import { appName, type Context, consulTokenName, secretNames } from './context';

/** Service account that the store of External Secrets asks with. */
export const storeServiceAccount = 'external-secrets';

export type SourceKind = SecretSource['kind'];

/** What a person may know of a Secret. */
export interface SecretEntry {
  source: SourceKind;
  generation: number;
  /** People give its value, and give another before it is rotated. */
  given: boolean;
  /** Workloads, by label `app`, that are rolled when it changes. */
  usedBy: string[];
  /** Stored data are sealed with it: it is never rotated. */
  sealsData: boolean;
}

export const generationOf = ({ config }: Pick<Context, 'config'>, name: string): number =>
  config.secretGenerations[name] ?? 1;

/** The entry of a Secret in the secrets manager. */
export const remoteKeyOf = ({ config }: Pick<Context, 'config'>, name: string): string =>
  `${project}/${config.environment}/${name}`;

/** @throws InputError when the stack is to give values and lacks some; with the command that sets them */
export function secretSource(
  context: Pick<Context, 'config'>,
  name: string,
  keys: Keys,
  kind: SourceKind = context.config.secrets,
): SecretSource {
  const { config } = context;
  switch (kind) {
    case 'generated':
      return { kind, generation: generationOf(context, name) };
    case 'external': {
      const { kind: storeKind, name: storeName } = config.secretStore;
      const store = { kind: storeKind, name: storeName };
      return { kind, store, remoteKey: remoteKeyOf(context, name), generation: generationOf(context, name) };
    }
    case 'pulumi': {
      const values = config.secretValues[name] ?? {};
      const missing = Object.keys(keys).filter((key) => !values[key]);
      if (missing.length === 0) return { kind, values };
      const lines = missing.map(
        (key) => `pulumi config set --secret --path '${project}:secretValues.${name}.${key}'`,
      );
      throw new InputError(
        `${project}:secretValues: Secret ${name} has no ${missing.join(', ')}. Set it:\n  ${lines.join('\n  ')}`,
      );
    }
    case 'existing':
      return { kind };
  }
}

/** Names of the Secrets in a service's environment and files. */
export const secretsReadBy = (service: ServiceEntry): string[] => [
  ...(service.database ? [databaseSecretName(service)] : []),
  ...(service.cache ? [secretNames.redis] : []),
  ...(service.authentication === 'issues' ? [secretNames.signingKeys] : []),
  ...Object.keys(service.secrets),
];

/** Those, and what it takes to be found: with another generation of any of them a service has other pods. */
export const secretsInUseBy = (context: Pick<Context, 'discovery'>, service: ServiceEntry): string[] => [
  ...secretsReadBy(service),
  ...(context.discovery ? [consulTokenName(service)] : []),
];

/** Processes read their secrets once: this on their pods, another generation means other pods. */
export const rolledBy = (context: Pick<Context, 'config'>, names: string[]): Record<string, string> =>
  names.length > 0
    ? {
        'ecommerce-platform/secret-generations': names
          .map((name) => `${name}=${generationOf(context, name)}`)
          .join(' '),
      }
    : {};

/** By name. @throws InputError for a generation of a Secret that does not exist: a misspelt name would rotate nothing, silently */
export function secretEntries(context: Context): Record<string, SecretEntry> {
  const used = context.services.flatMap((service) => secretsInUseBy(context, service));
  const names = [secretNames.postgres, ...new Set(used)].sort();
  const stranger = Object.keys(context.config.secretGenerations).find((name) => !names.includes(name));
  if (stranger) {
    throw new InputError(
      `${project}:secretGenerations: there is no Secret "${stranger}"; there are ${names.join(', ')}`,
    );
  }
  const entries = Object.fromEntries(names.map((name) => [name, entryOf(context, name)]));
  const sealed = Object.keys(context.config.secretGenerations).find((name) => entries[name]?.sealsData);
  if (sealed) {
    throw new InputError(
      `${project}:secretGenerations: data are sealed with "${sealed}"; another value could not open them. Remove the entry`,
    );
  }
  return entries;
}

const declaredIn = ({ services }: Pick<Context, 'services'>, name: string) =>
  services.flatMap((service) => declaredSecrets(service).filter(([own]) => own === name))[0]?.[1];

const sourceOf = (context: Pick<Context, 'config' | 'services'>, name: string): SourceKind =>
  declaredIn(context, name)?.source ??
  // Tokens of Consul are computed from random values: no store could make them.
  (context.services.some((service) => consulTokenName(service) === name)
    ? 'generated'
    : context.config.secrets);

/**
 * Variables that mean nothing to the process. Kubernetes starts no container before each is there, and External Secrets writes them
 * with the values it has just fetched: without them a container could start between a rotation and the fetching, with the old values.
 */
export const fetchedFirst = (context: Pick<Context, 'config' | 'services'>, names: string[]): EnvVar[] =>
  names
    .filter((name) => sourceOf(context, name) === 'external')
    .map((name) =>
      fromSecret(
        `${name.toUpperCase().replace(/\W/g, '_')}_GENERATION`,
        name,
        generationKey(generationOf(context, name)),
      ),
    );

/** Secrets whose values the aws layer makes and puts into the secrets manager. */
const madeOnAws = ({ config, services }: Pick<Context, 'config' | 'services'>): string[] =>
  config.data === 'aws'
    ? [
        ...services.filter(({ database }) => database).map(databaseSecretName),
        secretNames.redis,
        secretNames.signingKeys,
      ]
    : [];

function entryOf(context: Context, name: string): SecretEntry {
  const source = sourceOf(context, name);
  return {
    source,
    given: source !== 'generated' && !(source === 'external' && madeOnAws(context).includes(name)),
    generation: generationOf(context, name),
    usedBy: context.services
      .filter((service) => secretsInUseBy(context, service).includes(name))
      .map(appName),
    sealsData: declaredIn(context, name)?.sealsData ?? false,
  };
}
