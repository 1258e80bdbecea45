import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { databaseSecretName } from '../catalog/checks';
import type { ManagedCache } from '../components/aws/cache';
import type { Cluster } from '../components/aws/cluster';
import type { ManagedDatabase } from '../components/aws/database';
import type { Key } from '../components/aws/key';
import { type Account, ofAccount, policyDocument } from '../components/aws/policy';
import { Role, trustOfServiceAccount } from '../components/aws/role';
import { ManagedSecret } from '../components/aws/secret';
import { Component } from '../components/component';
import { generationsInUse, keyFile, SigningKeys } from '../components/signing-keys';
import { appName, type Context, secretNames, usesTopics } from './context';
import { kafkaAdmin, kafkaSecretName } from './kafka-access';
import { generationOf, remoteKeyOf, secretEntries, storeServiceAccount } from './secrets';

/** Random letters and digits: the value stands in URLs. The first generation's resources carry no number. */
const password = (name: string, generation: number, options: ComponentResourceOptions): Output<string> => {
  const suffix = generation === 1 ? '' : `-${generation}`;
  const { result } = new random.RandomPassword(`${name}${suffix}`, { length: 32, special: false }, options);
  return pulumi.secret(result);
};

/** The cache's password, and the one before it: pods that have not been rolled yet still use that. Newest first. */
export class CachePasswords extends Component {
  readonly values: Output<string>[];

  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('CachePasswords', name, options);
    const generation = generationOf(context, secretNames.redis);
    this.values = [generation, generation - 1]
      .filter((each) => each > 0)
      .map((each) => password(name, each, this.child()));
    this.registerOutputs({});
  }
}

export interface AwsSecretsArgs {
  context: Context;
  account: Account;
  key: Key;
  database: ManagedDatabase;
  /** Key the database's own secret is encrypted with. */
  dataKey: Key;
  cache: ManagedCache;
  cachePasswords: Output<string>[];
  /** Users of the broker, where it is AWS's too. */
  broker?: { addresses: Output<string>; administrationAddresses: Output<string>; users: BrokerUsers };
  identity: Cluster['identity'];
}

/** The entries External Secrets reads, under the names the platform asks for, and the role it reads them with. */
export class AwsSecrets extends Component {
  constructor(name: string, args: AwsSecretsArgs, options: ComponentResourceOptions) {
    super('AwsSecrets', name, options);
    const { context, account, key, database } = args;
    const values = this.values(args);
    // The administrator's is RDS's own.
    const external = Object.entries(secretEntries(context))
      .filter(([secretName, { source }]) => source === 'external' && secretName !== secretNames.postgres)
      .map(([secretName]) => secretName);
    const entries = [...new Set([...Object.keys(values), ...external])].map(
      (secretName) =>
        new ManagedSecret(
          `${secretName}-entry`,
          {
            secretName: remoteKeyOf(context, secretName),
            description: values[secretName] ? 'Made by the platform' : 'Put in by whoever has the keys',
            keyArn: key.arn,
            values: values[secretName],
          },
          this.child(),
        ),
    );
    new Role(
      `${name}-reader`,
      {
        roleName: secretReaderRole(account),
        description: 'Reads the secrets of this environment for External Secrets',
        trust: trustOfServiceAccount({
          ...args.identity,
          namespace: context.namespace,
          serviceAccount: storeServiceAccount,
        }),
        statements: [
          {
            sid: 'Read',
            actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
            resources: [...entries.map(({ arn }) => arn), database.masterSecretArn],
          },
          { sid: 'Decrypt', actions: ['kms:Decrypt'], resources: [key.arn, args.dataKey.arn] },
        ],
      },
      this.child(),
    );
    this.registerOutputs({});
  }

  /** What the platform itself knows, by Secret; everything else is put in by people. */
  private values({ context, database, cache, cachePasswords, broker }: AwsSecretsArgs) {
    const databases = context.services
      .filter((service) => service.database)
      .map((service): [string, Record<string, pulumi.Input<string>>] => {
        const secretName = databaseSecretName(service);
        return [
          secretName,
          {
            password: password(secretName, generationOf(context, secretName), this.child()),
            host: database.host,
            'replica-host': database.replicaHost,
          },
        ];
      });
    return Object.fromEntries([
      ...databases,
      [secretNames.signingKeys, { [SigningKeys.fileName]: this.signingKeys(context) }],
      ...(broker
        ? [
            ...broker.users.entries(broker.addresses),
            [kafkaAdmin.secretName, { brokers: broker.administrationAddresses }],
          ]
        : []),
      [secretNames.redis, { password: cachePasswords[0] ?? '', host: cache.host }],
    ]) as Record<string, Record<string, pulumi.Input<string>> | undefined>;
  }

  /** The issuer's key file: the key of this generation signs, the one before is still published. */
  private signingKeys(context: Context): Output<string> {
    const name = secretNames.signingKeys;
    const seeds = generationsInUse(generationOf(context, name)).map(
      (each) => new random.RandomBytes(`${name}-seed-${each}`, { length: 32 }, this.child()).base64,
    );
    return pulumi.secret(pulumi.all(seeds)).apply(keyFile);
  }
}

/** Name of the role; the service account of the secret store is annotated with it. */
export const secretReaderRole = ({ prefix }: Account) => `${prefix}-secrets`;

/** Brokers only take users whose entries are named like this, and read them themselves. */
const brokerUserEntry = ({ prefix }: Account, app: string) => `AmazonMSK_${prefix}_${app}`;

/** A user of the broker per service with topics. */
export class BrokerUsers extends Component {
  readonly secretArns: Output<string>[];
  private readonly passwords = new Map<string, Output<string>>();

  constructor(
    name: string,
    { context, account, key }: Pick<AwsSecretsArgs, 'context' | 'account' | 'key'>,
    options: ComponentResourceOptions,
  ) {
    super('BrokerUsers', name, options);
    this.secretArns = context.services.filter(usesTopics).map((service) => {
      const app = appName(service);
      const secretName = brokerUserEntry(account, app);
      const { accountId, region } = account;
      const made = password(`${name}-${app}`, generationOf(context, kafkaSecretName(service)), this.child());
      this.passwords.set(service.name, made);
      return new ManagedSecret(
        `${name}-${app}`,
        {
          secretName,
          description: `User ${app} of the broker`,
          keyArn: key.arn,
          values: { username: app, password: made },
          policy: policyDocument([
            {
              sid: 'ReadByBroker',
              principals: { Service: ['kafka.amazonaws.com'] },
              actions: ['secretsmanager:GetSecretValue'],
              resources: [`arn:aws:secretsmanager:${region}:${accountId}:secret:${secretName}-??????`],
              conditions: ofAccount(account),
            },
          ]),
        },
        this.child(),
      ).arn;
    });
    this.registerOutputs({});
  }

  /** What each service reads: the same user and password, and where the brokers are. */
  entries(brokers: Output<string>): [string, Record<string, pulumi.Input<string>>][] {
    return [...this.passwords].map(([name, made]) => [
      kafkaSecretName({ name }),
      { brokers, username: appName({ name }), password: made },
    ]);
  }
}
