// What IAM policies of the platform are made of: exact actions on exact resources, never a wildcard.
import * as pulumi from '@pulumi/pulumi';

/** What every component must know of the account it builds in. */
export interface Account {
  /** Twelve digits. */
  accountId: string;
  /** Such as eu-central-1. */
  region: string;
  /** What names begin with; unique in the account. */
  prefix: string;
}

export type Condition = Record<string, pulumi.Input<Record<string, pulumi.Input<string> | string[]>>>;

export interface Statement {
  sid: string;
  effect?: 'Allow' | 'Deny';
  principals?: { AWS?: string[]; Service?: string[]; Federated?: pulumi.Input<string>[] } | '*';
  actions: string[];
  /** Unset in trust policies, which are about no resource. */
  resources?: pulumi.Input<string>[];
  conditions?: Condition;
}

/** @throws RangeError that names the statement where something is allowed by wildcard */
export function policyDocument(statements: Statement[]): pulumi.Output<string> {
  for (const { sid, actions, resources, principals } of statements.filter(
    ({ effect }) => effect !== 'Deny',
  )) {
    const wide = actions.find((action) => action.includes('*'));
    if (wide) throw new RangeError(`the policy statement ${sid} allows "${wide}"; name each action`);
    // In the policy of a key `*` is that key.
    if (!principals && resources?.includes('*')) {
      throw new RangeError(`the policy statement ${sid} is about every resource; name them`);
    }
  }
  return pulumi.jsonStringify({
    Version: '2012-10-17',
    Statement: statements.map(({ sid, effect = 'Allow', principals, actions, resources, conditions }) => ({
      Sid: sid,
      Effect: effect,
      ...(principals && { Principal: principals }),
      Action: actions,
      ...(resources && { Resource: resources }),
      ...(conditions && { Condition: conditions }),
    })),
  });
}

/** Only this account's own resources may use a permission given to a service: the confused deputy has another account. */
export const ofAccount = ({ accountId }: Pick<Account, 'accountId'>): Condition => ({
  StringEquals: { 'aws:SourceAccount': accountId },
});

/** Trust of one AWS service. */
export const trustOfService = (account: Account, service: string): Statement => ({
  sid: 'AssumedByService',
  principals: { Service: [service] },
  actions: ['sts:AssumeRole'],
  conditions: ofAccount(account),
});
