import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

/** `<key>` → what the value starts with. The rest is 32 letters and digits, about 190 bits. */
export type Passwords = Record<string, { prefix?: string }>;

export interface SecretArgs {
  namespace: string;
  app: string;
  /** The Secret's own name; pods refer to it. */
  secretName: string;
  /** `generated`: made once, kept encrypted in the state. `existing`: somebody else made it, nothing is created here. */
  source: 'generated' | 'existing';
  /** Made at random, each under its key. */
  passwords: Passwords;
  /** Further keys, built from the passwords: an address with the password in it, a configuration file. */
  derive?: (passwords: Record<string, Output<string>>) => Record<string, pulumi.Input<string>>;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Secret values as `data`: removing a key then removes it in the cluster too, which `stringData` would not. */
const encoded = (values: Record<string, pulumi.Input<string>>) =>
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
    if (args.source === 'generated') {
      const passwords = this.generate(name, args.passwords);
      this.store(name, args, { ...passwords, ...args.derive?.(passwords) });
    }
    this.registerOutputs({});
  }

  private generate(name: string, passwords: Passwords): Record<string, Output<string>> {
    const made = Object.entries(passwords).map(([key, { prefix = '' }]): [string, Output<string>] => {
      const { result } = new random.RandomPassword(
        `${name}-${key}`,
        // Letters and digits only: the value stands in URLs and configuration files.
        { length: 32, special: false },
        this.child(),
      );
      return [key, pulumi.secret(pulumi.interpolate`${prefix}${result}`)];
    });
    return Object.fromEntries(made);
  }

  private store(name: string, args: SecretArgs, values: Record<string, pulumi.Input<string>>) {
    return new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: {
          name: args.secretName,
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'secret' }),
        },
        type: 'Opaque',
        data: encoded(values),
      },
      this.child(),
    );
  }
}
