import type { IExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1';
import type { Input } from '@pulumi/pulumi';

export type ExternalSecretSpec = NonNullable<IExternalSecret['spec']>;

/** Which store of External Secrets. */
export interface StoreReference {
  kind: 'SecretStore' | 'ClusterSecretStore';
  name: string;
}

export interface ExternalSecretArgs {
  secretName: string;
  store: StoreReference;
  /** The store's entry; it holds a JSON object with a property per key. */
  remoteKey: Input<string>;
  keys: string[];
  /** Further keys as Go templates over the fetched ones. */
  template: Record<string, string>;
  /** How often the values were made anew, from 1. */
  generation: number;
}

/**
 * Key that says that a Secret was fetched for this generation or the one after. A container that refers to it is not started before;
 * one of the generation before can still be restarted.
 */
export const generationKey = (generation: number): string => `generation-${generation}`;

/** How soon a value that was changed in the store is in the cluster, at the latest. */
const refreshInterval = '15m';

/** An entry of a secrets manager as a Secret: its keys as they are, and what is built of them. */
export const externalSecretSpec = (args: ExternalSecretArgs): ExternalSecretSpec => ({
  refreshInterval,
  secretStoreRef: args.store,
  target: {
    name: args.secretName,
    creationPolicy: 'Owner',
    // Running pods keep what they have when somebody removes the entry by mistake.
    deletionPolicy: 'Retain',
    template: {
      engineVersion: 'v2',
      type: 'Opaque',
      data: {
        ...Object.fromEntries(args.keys.map((key) => [key, `{{ index . "${key}" }}`])),
        ...args.template,
        ...Object.fromEntries(
          [args.generation - 1, args.generation]
            .filter((generation) => generation > 0)
            .map((generation) => [generationKey(generation), 'fetched']),
        ),
      },
    },
  },
  data: args.keys.map((key) => ({
    secretKey: key,
    remoteRef: { key: args.remoteKey as string, property: key },
  })),
});
