import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { Component } from './component';
import { externalSecretSpec, type StoreReference } from './external-secret-spec';
import { assertInRange, assertNameFits, labelsOf } from './names';

/** Where the values come from. Pods see no difference: a Secret with the same keys. */
export type SecretSource =
  /** Made once at random and kept, encrypted, in the state. Another generation is another value. */
  | { kind: 'generated'; generation: number }
  /** Given by key in the stack's configuration, encrypted there. */
  | { kind: 'pulumi'; values: Record<string, string> }
  /** Kept in a secrets manager, entry `remoteKey` with a property per key; External Secrets makes the Secret of it. */
  | { kind: 'external'; store: StoreReference; remoteKey: Input<string>; generation: number }
  /** Somebody else puts the Secret there; nothing is created. */
  | { kind: 'existing' };

/** Key → what a generated value starts with. The rest is 32 letters and digits, about 190 bits. */
export type Keys = Record<string, { prefix?: string }>;
type Values = Record<string, Input<string>>;

export interface SecretArgs {
  namespace: string;
  app: string;
  /** The Secret's own name; pods refer to it. */
  secretName: string;
  source: SecretSource;
  keys: Keys;
  /**
   * Further keys, built from those: an address with the password in it, a configuration file. Only puts text around values, because
   * of an external secret it is given placeholders; so values must be fit to stand in a URL.
   */
  derive?: (values: Record<string, Output<string>>) => Values;
  /** Keep the values of the generation before under `previous-<key>`, for who must let both in. @default false */
  keepPrevious?: boolean;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Secret values as `data`: removing a key then removes it in the cluster too, which `stringData` would not. */
const encoded = (values: Values) =>
  pulumi.secret(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, pulumi.output(value).apply(base64)]),
    ),
  );

/** A Kubernetes Secret that pods refer to by name and key. Its values are nowhere else. */
export class PlatformSecret extends Component {
  readonly secretName: string;

  constructor(name: string, args: SecretArgs, options?: ComponentResourceOptions) {
    super('Secret', name, options);
    this.secretName = assertNameFits(args.secretName);
    const { source } = args;
    if (source.kind === 'generated') {
      this.store(name, args, this.generate(name, args.keys, source.generation), this.previous(name, args));
    } else if (source.kind === 'pulumi') {
      this.store(name, args, valuesOf(args, source.values));
    } else if (source.kind === 'external') {
      this.fetch(name, args, source);
    }
    this.registerOutputs({});
  }

  /** A random value per key. The first generation's resources carry no number. */
  private generate(name: string, keys: Keys, generation: number): Record<string, Output<string>> {
    assertInRange(`generation of ${name}`, generation, { min: 1, max: 10_000 });
    const suffix = generation === 1 ? '' : `-${generation}`;
    const made = Object.entries(keys).map(([key, { prefix = '' }]): [string, Output<string>] => {
      const { result } = new random.RandomPassword(
        `${name}-${key}${suffix}`,
        // Letters and digits only: the value stands in URLs and configuration files.
        { length: 32, special: false },
        this.child(),
      );
      return [key, pulumi.secret(pulumi.interpolate`${prefix}${result}`)];
    });
    return Object.fromEntries(made);
  }

  private previous(name: string, { source, keys, keepPrevious }: SecretArgs): Values {
    if (!keepPrevious || source.kind !== 'generated' || source.generation === 1) return {};
    const values = this.generate(name, keys, source.generation - 1);
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [`previous-${key}`, value]));
  }

  private store(name: string, args: SecretArgs, values: Values, more: Values = {}) {
    new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: metadataOf(args),
        type: 'Opaque',
        data: encoded({ ...values, ...args.derive?.(outputsOf(values)), ...more }),
      },
      this.child(),
    );
  }

  private fetch(name: string, args: SecretArgs, source: SecretSource & { kind: 'external' }) {
    const keys = Object.keys(args.keys);
    const derived = pulumi.output(args.derive?.(outputsOf(placeholders(keys))) ?? {});
    new k8s.apiextensions.CustomResource(
      `${name}-external`,
      {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: {
          ...metadataOf(args),
          // A changed value makes the controller read the store at once instead of at the next refresh.
          annotations: { 'force-sync': String(source.generation) },
        },
        spec: derived.apply((template) =>
          externalSecretSpec({ ...source, secretName: args.secretName, keys, template }),
        ),
      },
      this.child(),
    );
  }
}

const metadataOf = ({ secretName, namespace, app }: SecretArgs) => ({
  name: secretName,
  namespace,
  labels: labelsOf({ app, component: 'secret' }),
});

/** @throws RangeError naming the keys without a value; the values are never repeated */
function valuesOf({ secretName, keys }: SecretArgs, values: Record<string, string>): Values {
  const missing = Object.keys(keys).filter((key) => !values[key]);
  if (missing.length > 0) throw new RangeError(`Secret ${secretName} has no value for ${missing.join(', ')}`);
  return Object.fromEntries(Object.keys(keys).map((key) => [key, pulumi.secret(values[key] ?? '')]));
}

/** What stands for a value in a template of External Secrets. */
const placeholders = (keys: string[]): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key, `{{ index . "${key}" }}`]));

const outputsOf = (values: Values): Record<string, Output<string>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pulumi.output(value)]));
