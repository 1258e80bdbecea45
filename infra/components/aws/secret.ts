import * as secretsmanager from '@pulumi/aws/secretsmanager';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits } from '../names';

export interface ManagedSecretArgs {
  /** Name in Secrets Manager. */
  secretName: string;
  description: string;
  keyArn: Input<string>;
  /** What it holds, as JSON. Unset: somebody else puts it in, the platform only makes the place. */
  values?: Record<string, Input<string>>;
  /** Resource policy, for AWS services that read it. */
  policy?: Output<string>;
}

/** An entry of Secrets Manager. */
export class ManagedSecret extends Component {
  readonly arn: Output<string>;

  constructor(name: string, args: ManagedSecretArgs, options?: ComponentResourceOptions) {
    super('aws:Secret', name, options);
    const secret = new secretsmanager.Secret(
      name,
      {
        name: assertNameFits(args.secretName, 512),
        description: args.description,
        kmsKeyId: args.keyArn,
        recoveryWindowInDays: 30,
      },
      this.child(),
    );
    this.arn = secret.arn;
    if (args.policy) {
      new secretsmanager.SecretPolicy(
        `${name}-policy`,
        { secretArn: secret.arn, policy: args.policy, blockPublicPolicy: true },
        this.child(),
      );
    }
    if (args.values) {
      new secretsmanager.SecretVersion(
        `${name}-version`,
        { secretId: secret.id, secretString: pulumi.secret(pulumi.jsonStringify(args.values)) },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}
