import * as pulumi from '@pulumi/pulumi';
import { tlsOnly } from './bucket';
import { databaseParameters } from './database';
import { keyStatements } from './key';
import { ofAccount, policyDocument, type Statement } from './policy';
import { trustOfServiceAccount } from './role';
import { checkOpenings } from './security-groups';

const account = { accountId: '111122223333', region: 'eu-central-1', prefix: 'shop-test' };
const render = (statements: Statement[]) =>
  new Promise<{ Statement: Record<string, unknown>[] }>((resolve) =>
    policyDocument(statements).apply((text) => resolve(JSON.parse(text))),
  );

beforeAll(() => {
  pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
    call: () => ({}),
  });
});

describe('a policy', () => {
  test('is refused where it allows by wildcard, with the statement', () => {
    const wide = { sid: 'Read', actions: ['s3:Get*'], resources: ['arn:aws:s3:::x'] };
    expect(() => policyDocument([wide])).toThrow(
      'the policy statement Read allows "s3:Get*"; name each action',
    );
  });

  test('is refused where it allows on every resource, unless it is the policy of one', () => {
    const wide = { sid: 'Read', actions: ['s3:GetObject'], resources: ['*'] };
    expect(() => policyDocument([wide])).toThrow(
      'the policy statement Read is about every resource; name them',
    );
    expect(() => policyDocument([{ ...wide, principals: { Service: ['x'] } }])).not.toThrow();
  });

  test('may deny by wildcard', async () => {
    const { Statement } = await render(tlsOnly('arn:aws:s3:::x'));
    expect(Statement.map(({ Effect, Action }) => [Effect, Action])).toEqual([
      ['Deny', ['s3:*']],
      ['Deny', ['s3:*']],
    ]);
  });
});

test('the role of a service account is for that account of that cluster alone', async () => {
  const issuer = 'oidc.eks.eu-central-1.amazonaws.com/id/ABC';
  const trust = trustOfServiceAccount({
    providerArn: pulumi.output(`arn:aws:iam::111122223333:oidc-provider/${issuer}`),
    issuer: pulumi.output(issuer),
    namespace: 'ecommerce-platform',
    serviceAccount: 'external-secrets',
  });
  expect((await render([trust])).Statement).toEqual([
    {
      Sid: 'AssumedByServiceAccount',
      Effect: 'Allow',
      Principal: { Federated: [`arn:aws:iam::111122223333:oidc-provider/${issuer}`] },
      Action: ['sts:AssumeRoleWithWebIdentity'],
      Condition: {
        StringEquals: {
          [`${issuer}:sub`]: 'system:serviceaccount:ecommerce-platform:external-secrets',
          [`${issuer}:aud`]: 'sts.amazonaws.com',
        },
      },
    },
  ]);
});

describe('a key', () => {
  const decrypters = (statements: Statement[]) =>
    statements.filter(({ actions }) => actions.includes('kms:Decrypt')).map(({ sid }) => sid);

  test('that nothing uses can be managed and decrypts nothing', () => {
    expect(decrypters(keyStatements(account, {}))).toEqual([]);
  });

  test('is used through the services it is for and by this account only', () => {
    const statements = keyStatements(account, { services: ['rds'] });
    expect(decrypters(statements)).toEqual(['UseThroughServices']);
    expect(statements[1]?.conditions).toEqual({
      StringEquals: {
        'kms:CallerAccount': '111122223333',
        'kms:ViaService': ['rds.eu-central-1.amazonaws.com'],
      },
    });
  });

  test('is used by a service in its own name only for this account', () => {
    const [, use] = keyStatements(account, { principals: [{ service: 'cloudtrail.amazonaws.com' }] });
    expect(use).toMatchObject({
      principals: { Service: ['cloudtrail.amazonaws.com'] },
      conditions: ofAccount(account),
    });
  });

  test('is lent by a role to AWS’s own resources only', () => {
    const grants = keyStatements(account, { roles: ['driver'] }).find(({ sid }) => sid === 'GrantsOfRoles');
    expect(grants).toMatchObject({
      actions: ['kms:CreateGrant'],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    });
  });
});

describe('a security group', () => {
  test.each([
    [
      { from: 'internet', to: 'a', port: 80, because: 'x' },
      /only port 443 may be open to or from the internet/,
    ],
    [
      { from: 'a', to: 'internet', port: 22, because: 'x' },
      /only port 443 may be open to or from the internet/,
    ],
    [{ from: 'a', to: 'b', port: 'all', because: 'x' }, /a → b:all \(x\): name the port/],
  ] as const)('cannot be opened like this: %j', (opening, message) => {
    expect(() => checkOpenings([opening])).toThrow(message);
  });

  test('lets its members talk to each other, and the internet come in on 443', () => {
    expect(() =>
      checkOpenings([
        { from: 'a', to: 'a', port: 'all', because: 'x' },
        { from: 'internet', to: 'a', port: 443, because: 'x' },
      ]),
    ).not.toThrow();
  });
});

test('the database’s settings name each thing once', () => {
  const names = databaseParameters({ maxConnections: 400 }).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
