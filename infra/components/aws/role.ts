import * as iam from '@pulumi/aws/iam';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits } from '../names';
import { policyDocument, type Statement } from './policy';

export interface RoleArgs {
  /** Physical name, 64 characters at most. */
  roleName: string;
  description: string;
  /** Who may take the role. */
  trust: Statement;
  /** What the role may do. Empty: only what the managed policies say. */
  statements: Statement[];
  /** Names of AWS's own policies below `arn:aws:iam::aws:policy/`. */
  managed?: string[];
}

/** A role with its trust, its own policy and those of AWS. */
export class Role extends Component {
  readonly arn: pulumi.Output<string>;
  readonly roleName: pulumi.Output<string>;

  constructor(name: string, args: RoleArgs, options?: pulumi.ComponentResourceOptions) {
    super('aws:Role', name, options);
    const role = new iam.Role(
      name,
      {
        name: assertNameFits(args.roleName, 64),
        description: args.description,
        assumeRolePolicy: policyDocument([args.trust]),
        // An hour: credentials that leak do not live long.
        maxSessionDuration: 3600,
      },
      this.child(),
    );
    this.arn = role.arn;
    this.roleName = role.name;
    if (args.statements.length > 0) {
      new iam.RolePolicy(
        `${name}-policy`,
        { name: 'own', role: role.id, policy: policyDocument(args.statements) },
        this.child(),
      );
    }
    for (const managed of args.managed ?? []) {
      new iam.RolePolicyAttachment(
        `${name}-${managed.split('/').at(-1)}`,
        { role: role.name, policyArn: `arn:aws:iam::aws:policy/${managed}` },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}

export interface ServiceAccountTrust {
  /** ARN of the cluster's OIDC provider. */
  providerArn: pulumi.Input<string>;
  /** Its issuer without `https://`. */
  issuer: pulumi.Input<string>;
  namespace: string;
  serviceAccount: string;
}

/** Trust of exactly one Kubernetes service account of one cluster (IRSA). */
export const trustOfServiceAccount = (args: ServiceAccountTrust): Statement => {
  const claims = pulumi.output(args.issuer).apply((issuer) => ({
    [`${issuer}:sub`]: `system:serviceaccount:${args.namespace}:${args.serviceAccount}`,
    [`${issuer}:aud`]: 'sts.amazonaws.com',
  }));
  return {
    sid: 'AssumedByServiceAccount',
    principals: { Federated: [args.providerArn] },
    actions: ['sts:AssumeRoleWithWebIdentity'],
    conditions: { StringEquals: claims },
  };
};
