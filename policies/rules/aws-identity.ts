// Rights on AWS: no wildcards, no administrators, nobody trusted by accident; keys that turn over.
import { asList, eachAllow, isAws, statementsOf } from '../aws';
import type { Field } from '../fields';
import { listSetting, type Resource, type ResourceRule } from '../rule';

const identityPolicies = [
  'iam/policy:Policy',
  'iam/rolePolicy:RolePolicy',
  'iam/userPolicy:UserPolicy',
  'iam/groupPolicy:GroupPolicy',
];
const isRole = (resource: Resource) => isAws(resource, 'iam/role:Role');

/** Actions that AWS offers for all resources only, so that '*' is the narrowest there is. */
const unscoped = [
  'autoscaling:Describe*',
  'cloudwatch:PutMetricData',
  'ec2:Describe*',
  'ecr:GetAuthorizationToken',
  'elasticloadbalancing:Describe*',
  'kms:ListAliases',
  'logs:DescribeLogGroups',
  'sts:GetCallerIdentity',
];

const matchesPattern = (action: string, pattern: string) =>
  pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : action === pattern;

const noWildcard: ResourceRule = {
  scope: 'resource',
  name: 'aws-no-wildcard',
  item: 'authorisation/rbac',
  severity: 'high',
  level: 'mandatory',
  description: 'IAM policies name the actions and the resources they allow.',
  fix: "replace '*' by the actions and ARNs that are needed, and NotAction or NotResource by what is meant",
  settings: {
    unscopedActions: {
      type: 'array',
      items: { type: 'string' },
      description:
        "actions that may be allowed on resource '*' (default: those AWS offers for all resources only)",
    },
  },
  matches: (resource) => isAws(resource, ...identityPolicies) || isRole(resource),
  validate(resource, report, settings) {
    const harmless = listSetting(settings, 'unscopedActions', unscoped);
    const documents = isRole(resource)
      ? resource.props.at('inlinePolicies').items.map((one) => one.at('policy'))
      : [resource.props.at('policy')];
    for (const document of documents) {
      eachAllow(document, report, (statement) => {
        const actions = asList(statement.at('Action'));
        for (const action of actions) {
          if (/^(\*|[a-z0-9-]+:\*)$/.test(action.text ?? ''))
            report.violation(document, `the policy allows the action ${action.text}`);
        }
        for (const key of ['NotAction', 'NotResource']) {
          if (statement.at(key).exists) report.violation(document, `the policy allows all but a ${key}`);
        }
        const scoped = actions.filter(
          ({ text = '' }) => !harmless.some((pattern) => matchesPattern(text, pattern)),
        );
        if (scoped.length > 0 && asList(statement.at('Resource')).some(({ text }) => text === '*'))
          report.violation(
            document,
            `the policy allows ${scoped.map(({ text }) => text).join(', ')} on every resource`,
          );
      });
    }
  },
};

const tooMuch =
  /:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess|job-function\/\w*Administrator)$/;

const noAdministrator: ResourceRule = {
  scope: 'resource',
  name: 'aws-no-administrator',
  item: 'authorisation/admin-access',
  severity: 'critical',
  level: 'mandatory',
  description: 'The program makes nobody administrator of the account, and no user with a key that lasts.',
  fix: 'attach a policy that names what it allows; let people and pipelines assume roles by OIDC instead of making users and access keys',
  matches: (resource) =>
    isRole(resource) ||
    isAws(
      resource,
      'iam/rolePolicyAttachment:RolePolicyAttachment',
      'iam/userPolicyAttachment:UserPolicyAttachment',
      'iam/groupPolicyAttachment:GroupPolicyAttachment',
      'iam/policyAttachment:PolicyAttachment',
      'iam/accessKey:AccessKey',
    ),
  validate(resource, report) {
    if (resource.kind === 'AccessKey')
      return report.violation(resource.props.at('user'), 'an access key lasts until somebody removes it');
    const policies = [resource.props.at('policyArn'), ...resource.props.at('managedPolicyArns').items];
    for (const policy of policies) {
      // The ARN of a policy made in this stack is unknown, and no managed one.
      if (!policy.unknown && tooMuch.test(policy.text ?? ''))
        report.violation(policy, `${policy.text} is attached`);
    }
  },
};

/** Where a policy that names principals stands, per type. */
const trustDocuments: Record<string, string> = {
  'iam/role:Role': 'assumeRolePolicy',
  's3/bucketPolicy:BucketPolicy': 'policy',
  'sqs/queuePolicy:QueuePolicy': 'policy',
  'sns/topicPolicy:TopicPolicy': 'policy',
  'kms/key:Key': 'policy',
  'kms/keyPolicy:KeyPolicy': 'policy',
  'secretsmanager/secretPolicy:SecretPolicy': 'policy',
  'ecr/repositoryPolicy:RepositoryPolicy': 'policy',
  'backup/vaultPolicy:VaultPolicy': 'policy',
};

const isEverybody = (principal: Field) =>
  principal.text === '*' || asList(principal.at('AWS')).some(({ text }) => text === '*');

const noPublicPrincipal: ResourceRule = {
  scope: 'resource',
  name: 'aws-no-public-principal',
  item: 'authorisation/admin-access',
  severity: 'critical',
  level: 'mandatory',
  description: 'Keys, secrets, buckets, queues and roles trust those they name, never everybody.',
  fix: 'name the role or service as the principal; to allow a whole organisation add a condition on aws:PrincipalOrgID',
  matches: (resource) => Object.hasOwn(trustDocuments, resource.type.replace(/^aws:/, '')),
  validate(resource, report) {
    const document = resource.props.at(trustDocuments[resource.type.replace(/^aws:/, '')] ?? 'policy');
    if (!document.isGiven) return;
    eachAllow(document, report, (statement) => {
      if (isEverybody(statement.at('Principal')) && !statement.at('Condition').exists)
        report.violation(document, 'everybody is allowed');
    });
  },
};

const webIdentityScoped: ResourceRule = {
  scope: 'resource',
  name: 'aws-web-identity-scoped',
  item: 'authorisation/service-to-service',
  severity: 'high',
  level: 'mandatory',
  description: 'A role for pods or pipelines is assumed by one service account or repository, exactly.',
  fix: "add StringEquals conditions on the provider's :sub (system:serviceaccount:<namespace>:<name>) and :aud, without wildcards",
  matches: isRole,
  validate(resource, report) {
    const document = resource.props.at('assumeRolePolicy');
    for (const statement of statementsOf(document)) {
      report.guard(() => {
        if (!asList(statement.at('Action')).some(({ text }) => text === 'sts:AssumeRoleWithWebIdentity'))
          return;
        const conditions = statement.at('Condition', 'StringEquals').entries;
        const subject = conditions.find(([key]) => key.endsWith(':sub'))?.[1];
        if (!subject || asList(subject).some(({ text }) => text?.includes('*')))
          report.violation(document, 'whoever the identity provider knows may assume the role');
      });
    }
  },
};

const keyRotation: ResourceRule = {
  scope: 'resource',
  name: 'aws-key-rotation',
  item: 'data/at-rest',
  severity: 'medium',
  level: 'mandatory',
  description: 'KMS keys turn over every year by themselves.',
  fix: 'set enableKeyRotation: true',
  matches: (resource) => isAws(resource, 'kms/key:Key'),
  validate(resource, report) {
    const spec = resource.props.at('customerMasterKeySpec').text ?? 'SYMMETRIC_DEFAULT';
    const at = resource.props.at('enableKeyRotation');
    // Keys that sign cannot rotate.
    if (spec === 'SYMMETRIC_DEFAULT' && at.value !== true)
      report.violation(at, 'the key stays the same for ever');
  },
};

export const awsIdentityRules = [
  noWildcard,
  noAdministrator,
  noPublicPrincipal,
  webIdentityScoped,
  keyRotation,
];
