// What the AWS layer would build, read off the rendered program. Nothing here has ever been made: no cloud can be reached.
import { named, namesOf, type Rendered, render, type Stack } from './stack';

jest.setTimeout(300_000);

const account = { staging: '444455556666', production: '111122223333' };

const statementsOf = (document: unknown): Rendered[] =>
  typeof document === 'string' && document.startsWith('{') ? JSON.parse(document).Statement : [];
describe.each(['staging', 'production'] as const)('AWS in %s', (environment) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render(environment);
  });

  test('renders, and breaks no policy', () => {
    expect(stack.errors()).toEqual([]);
    expect(stack.result.violations.filter(({ level }) => level === 'mandatory')).toEqual([]);
    expect(stack.result.outputs.kubeconfig).toBe(
      `aws eks update-kubeconfig --region eu-central-1 --name ecommerce-platform-${environment}`,
    );
  });

  test('touches no other account, and tags everything with environment, owner and cost centre', () => {
    const [provider, ...others] = stack.result.resources.filter(
      ({ type }) => type === 'pulumi:providers:aws',
    );
    expect(others.filter(({ name }) => !name.startsWith('default'))).toEqual([]);
    const { allowedAccountIds, defaultTags } = (provider?.inputs ?? {}) as Record<string, string>;
    expect(JSON.parse(allowedAccountIds ?? '')).toEqual([account[environment]]);
    expect(JSON.parse(defaultTags ?? '').tags).toEqual({
      environment,
      'part-of': 'ecommerce-platform',
      'managed-by': 'pulumi',
      owner: 'platform',
      'cost-centre': 'shop',
    });
  });

  describe('at rest', () => {
    test('everything is encrypted with a customer’s key of its kind', () => {
      const keyOf = (type: string, name: string, property: string) =>
        named(stack.aws(type), name).from(property);
      expect(keyOf('rds/instance', 'database', 'kmsKeyId')).toEqual(['data-key']);
      expect(keyOf('rds/instance', 'database', 'masterUserSecretKmsKeyId')).toEqual(['data-key']);
      expect(keyOf('rds/instance', 'database', 'performanceInsightsKmsKeyId')).toEqual(['data-key']);
      expect(keyOf('elasticache/replicationGroup', 'cache', 'kmsKeyId')).toEqual(['data-key']);
      expect(keyOf('eks/cluster', 'cluster', 'encryptionConfig')).toEqual(['cluster-key']);
      expect(keyOf('ec2/launchTemplate', 'cluster-node', 'blockDeviceMappings')).toEqual(['volumes-key']);
      expect(keyOf('backup/vault', 'backup-plan-vault', 'kmsKeyArn')).toEqual(['backups-key']);
      expect(keyOf('cloudtrail/trail', 'audit-trail', 'kmsKeyId')).toEqual(['audit-key']);
      expect(keyOf('sns/topic', 'watch-findings', 'kmsMasterKeyId')).toEqual(['findings-key']);
      for (const { inputs } of stack.aws('rds/instance')) expect(inputs.storageEncrypted).toBe(true);
      for (const secret of stack.aws('secretsmanager/secret')) {
        expect([secret.name, secret.from('kmsKeyId')]).toEqual([secret.name, ['secrets-key']]);
      }
      for (const log of stack.aws('cloudwatch/logGroup')) {
        expect(log.from('kmsKeyId')).toEqual([expect.stringMatching(/^(edge-)?logs-key$/)]);
        expect(log.inputs.retentionInDays).toBe(90);
      }
    });

    test('keys turn every year and can be saved for thirty days', () => {
      const keys = stack.aws('kms/key');
      expect(keys.length).toBeGreaterThanOrEqual(8);
      for (const { inputs } of keys) {
        expect(inputs).toMatchObject({
          enableKeyRotation: true,
          rotationPeriodInDays: 365,
          deletionWindowInDays: 30,
        });
      }
    });

    test('no key’s policy lets the account itself read: only services, for this account', () => {
      for (const { name, inputs } of stack.aws('kms/key')) {
        for (const { Action, Condition, Principal } of statementsOf(inputs.policy)) {
          expect([name, Action.filter((action: string) => action.includes('*'))]).toEqual([name, []]);
          if (Action.includes('kms:Decrypt') && Principal.AWS?.[0].endsWith(':root')) {
            expect(Condition.StringEquals['kms:CallerAccount']).toBe(account[environment]);
            expect(Condition.StringEquals['kms:ViaService'].length).toBeGreaterThan(0);
          }
        }
      }
    });
  });

  describe('buckets', () => {
    const about = (type: string) =>
      new Map(
        stack.aws(type).map((resource) => [resource.from('bucket')[0] ?? resource.name, resource.inputs]),
      );

    test('are private, versioned, encrypted and speak TLS only, all of them', () => {
      const buckets = namesOf(stack.aws('s3/bucket'));
      expect(buckets).toEqual(['access-log', 'assets', 'audit', 'backups']);
      for (const bucket of buckets) {
        expect(about('s3/bucketPublicAccessBlock').get(bucket)).toMatchObject({
          blockPublicAcls: true,
          blockPublicPolicy: true,
          ignorePublicAcls: true,
          restrictPublicBuckets: true,
        });
        expect(about('s3/bucketVersioning').get(bucket)?.versioningConfiguration).toEqual({
          status: 'Enabled',
        });
        expect(about('s3/bucketOwnershipControls').get(bucket)?.rule.objectOwnership).toBe(
          'BucketOwnerEnforced',
        );
        expect(about('s3/bucketServerSideEncryptionConfiguration').get(bucket)?.rules).toHaveLength(1);
        expect(
          about('s3/bucketLifecycleConfiguration').get(bucket)?.rules[0].noncurrentVersionExpiration,
        ).toBeTruthy();
        const denied = statementsOf(about('s3/bucketPolicy').get(bucket)?.policy).filter(
          ({ Effect }) => Effect === 'Deny',
        );
        expect(denied.map(({ Sid }) => Sid)).toEqual(['DenyPlaintext', 'DenyOldTls']);
      }
    });

    test('with backups and the audit trail have a key of ours, and nobody can delete the trail', () => {
      const encryption = new Map(
        stack
          .aws('s3/bucketServerSideEncryptionConfiguration')
          .map((resource) => [resource.from('bucket')[0], resource.from('rules')]),
      );
      expect(encryption.get('backups')).toEqual(['backups-key']);
      expect(encryption.get('audit')).toEqual(['audit-key']);
      expect(encryption.get('assets')).toEqual(['assets-key']);
      expect(named(stack.aws('s3/bucketObjectLockConfiguration'), 'audit-lock').inputs.rule).toEqual({
        defaultRetention: { mode: 'COMPLIANCE', days: 90 },
      });
    });

    test('let in only AWS’s own services, and those only for this account', () => {
      for (const { name, inputs } of stack.aws('s3/bucketPolicy')) {
        for (const { Effect, Principal, Condition } of statementsOf(inputs.policy)) {
          if (Effect === 'Deny') continue;
          expect([name, Object.keys(Principal)]).toEqual([name, ['Service']]);
          expect(JSON.stringify(Condition)).toContain(account[environment]);
        }
      }
    });
  });

  describe('the network', () => {
    const peers = (type: 'Ingress' | 'Egress') =>
      stack.aws(`vpc/securityGroup${type}Rule`).map((rule) => ({
        of: rule.from('securityGroupId')[0]?.replace('groups-', ''),
        peer:
          rule.inputs.cidrIpv4 ??
          rule.from('referencedSecurityGroupId')[0]?.replace('groups-', '') ??
          'prefix list',
        port: rule.inputs.fromPort ?? 'all',
      }));

    test('only nodes reach the database, the cache and the broker, each on its port', () => {
      const into = (group: string) => peers('Ingress').filter(({ of }) => of === group);
      expect(into('database')).toEqual([{ of: 'database', peer: 'nodes', port: 5432 }]);
      expect(into('cache')).toEqual([{ of: 'cache', peer: 'nodes', port: 6379 }]);
      expect(into('broker').map(({ peer }) => peer)).toEqual(['nodes', 'nodes']);
    });

    test('the internet reaches the load balancer on 443 and nothing else', () => {
      expect(peers('Ingress').filter(({ peer }) => peer === '0.0.0.0/0')).toEqual([
        { of: 'balancer', peer: '0.0.0.0/0', port: 443 },
      ]);
      expect(stack.aws('lb/listener').map(({ inputs }) => inputs.port)).toEqual([443]);
    });

    test('what holds data opens no connection to anybody', () => {
      const out = new Set(peers('Egress').map(({ of }) => of));
      expect([...out].sort()).toEqual(['balancer', 'control-plane', 'nodes']);
      expect(peers('Egress').filter(({ peer }) => peer === '0.0.0.0/0')).toEqual([
        { of: 'nodes', peer: '0.0.0.0/0', port: 443 },
      ]);
    });

    test('spreads three tiers over three zones; only the public one leads straight outside', () => {
      const subnets = stack.aws('ec2/subnet');
      expect(subnets).toHaveLength(9);
      expect(new Set(subnets.map(({ inputs }) => inputs.availabilityZone)).size).toBe(3);
      for (const { inputs } of subnets) expect(inputs.mapPublicIpOnLaunch).toBe(false);
      const outside = stack.aws('ec2/route').filter((route) => route.from('gatewayId').length > 0);
      expect(outside.flatMap((route) => route.from('routeTableId'))).toEqual(['network-public-routes']);
      expect(stack.aws('ec2/route').flatMap((route) => route.from('routeTableId'))).not.toContain(
        'network-isolated-routes',
      );
      expect(stack.aws('ec2/natGateway')).toHaveLength(environment === 'production' ? 3 : 1);
    });

    test('takes every rule from the group AWS makes by itself, and logs every flow', () => {
      expect(
        stack.aws('ec2/defaultSecurityGroup').map(({ inputs }) => [inputs.ingress, inputs.egress]),
      ).toEqual([[[], []]]);
      expect(stack.aws('ec2/flowLog')[0]?.inputs.trafficType).toBe('ALL');
    });

    test('holds the data in subnets without a way out', () => {
      for (const type of ['rds/subnetGroup', 'elasticache/subnetGroup']) {
        for (const group of stack.aws(type)) {
          expect(group.from('subnetIds').every((subnet) => subnet.startsWith('network-isolated-'))).toBe(
            true,
          );
        }
      }
    });
  });

  describe('in transit', () => {
    test('customers speak TLS 1.3 with the load balancer and with CloudFront', () => {
      expect(stack.aws('lb/listener')[0]?.inputs).toMatchObject({
        protocol: 'HTTPS',
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06',
      });
      expect(stack.aws('cloudfront/distribution')[0]?.inputs.viewerCertificate).toMatchObject({
        minimumProtocolVersion: 'TLSv1.3_2025',
      });
    });

    test('the database refuses plaintext, the cache speaks nothing but TLS', () => {
      expect(stack.aws('rds/parameterGroup')[0]?.inputs.parameters).toContainEqual(
        expect.objectContaining({ name: 'rds.force_ssl', value: '1' }),
      );
      expect(stack.aws('elasticache/replicationGroup')[0]?.inputs).toMatchObject({
        transitEncryptionEnabled: true,
        transitEncryptionMode: 'required',
      });
    });
  });

  test('firewalls stand before the load balancer and before CloudFront, with a limit per address', () => {
    const [association] = stack.aws('wafv2/webAclAssociation');
    expect(association?.from('webAclArn')).toEqual(['shop']);
    expect(stack.aws('cloudfront/distribution')[0]?.from('webAclId')).toEqual(['assets']);
    for (const { inputs } of stack.aws('wafv2/webAcl')) {
      expect(inputs.rules[0]).toMatchObject({
        action: { block: {} },
        statement: { rateBasedStatement: { limit: 2000 } },
      });
      expect(inputs.rules).toHaveLength(5);
    }
  });

  test('no policy allows by wildcard, and every role is for one service or one service account', () => {
    const documents = [
      ...stack.aws('iam/rolePolicy').map(({ inputs }) => inputs.policy),
      ...stack.aws('iam/role').map(({ inputs }) => inputs.assumeRolePolicy),
    ];
    const allowed = documents.flatMap(statementsOf).filter(({ Effect }) => Effect === 'Allow');
    for (const { Action, Resource = [] } of allowed) {
      expect(Action.filter((action: string) => action.includes('*'))).toEqual([]);
      expect(Resource).not.toContain('*');
    }
    // Trusts of service accounts hold the issuer, which is not known before the cluster; what they say has a test of its own.
    const unknown = stack
      .aws('iam/role')
      .filter(({ inputs }) => !statementsOf(inputs.assumeRolePolicy).length);
    expect(namesOf(unknown)).toEqual(['cluster-aws-ebs-csi-driver', 'cluster-vpc-cni', 'secrets-reader']);
    for (const role of unknown) expect(role.from('assumeRolePolicy')).toContain('cluster-identity');
  });

  test('the role that reads secrets reads the entries of this environment and the database’s, no other', () => {
    const policy = named(stack.aws('iam/rolePolicy'), 'secrets-reader-policy').from('policy');
    const entries = namesOf(stack.aws('secretsmanager/secret'));
    expect(policy.filter((name) => name.endsWith('-entry')).sort()).toEqual(entries);
    expect(policy).toEqual(expect.arrayContaining(['database', 'secrets-key', 'data-key']));
    for (const { inputs } of stack.aws('secretsmanager/secret')) {
      expect(inputs.name).toMatch(new RegExp(`^ecommerce-platform/${environment}/`));
    }
  });

  test('the cluster’s API is private, logs everything and lets in named roles only', () => {
    const { inputs } = named(stack.aws('eks/cluster'), 'cluster');
    expect(inputs.vpcConfig).toMatchObject({ endpointPrivateAccess: true, endpointPublicAccess: false });
    expect(inputs.enabledClusterLogTypes).toHaveLength(5);
    expect(inputs.accessConfig).toEqual({
      authenticationMode: 'API',
      bootstrapClusterCreatorAdminPermissions: false,
    });
    expect(namesOf(stack.aws('eks/accessEntry'))).toEqual([
      'cluster-administrator-deployer',
      'cluster-administrator-on-call',
    ]);
    for (const addon of stack.aws('eks/addon'))
      expect(addon.inputs.addonVersion).toMatch(/^v\d.*-eksbuild\.\d+$/);
    const cni = named(stack.aws('eks/addon'), 'cluster-vpc-cni').inputs.configurationValues;
    expect(JSON.parse(cni)).toEqual({ enableNetworkPolicy: 'true' });
    const [nodes] = stack.aws('eks/nodeGroup');
    expect(nodes?.inputs.subnetIds).toHaveLength(3);
    expect(nodes?.inputs.scalingConfig.minSize).toBe(3);
  });

  test('nodes give their identity to nobody: tokens wanted, one hop', () => {
    expect(named(stack.aws('ec2/launchTemplate'), 'cluster-node').inputs.metadataOptions).toEqual({
      httpEndpoint: 'enabled',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
    });
  });

  test('the database survives its zone, is backed up, and cannot be deleted by mistake', () => {
    const { inputs } = named(stack.aws('rds/instance'), 'database');
    expect(inputs).toMatchObject({
      multiAz: true,
      deletionProtection: true,
      publiclyAccessible: false,
      skipFinalSnapshot: false,
      manageMasterUserPassword: true,
      performanceInsightsEnabled: true,
      iamDatabaseAuthenticationEnabled: true,
    });
    expect(inputs.backupRetentionPeriod).toBe(environment === 'production' ? 14 : 7);
    expect(inputs).not.toHaveProperty('password');
    expect(named(stack.aws('rds/instance'), 'database-replica').from('replicateSourceDb')).toEqual([
      'database',
    ]);
    expect(stack.aws('elasticache/replicationGroup')[0]?.inputs).toMatchObject({
      multiAzEnabled: true,
      automaticFailoverEnabled: true,
      numCacheClusters: 2,
    });
  });

  test('no server with data runs in the cluster but what AWS does not run, and each service has its database there', () => {
    const sets = stack.all('StatefulSet').map(({ metadata }) => metadata.name);
    expect(sets).not.toContain('postgres');
    expect(sets).not.toContain('redis');
    for (const service of ['cart', 'inventory', 'notification', 'order', 'payment', 'shipping', 'user']) {
      const job = stack.all('Job').find(({ metadata }) => metadata.name.startsWith(`${service}-database-`));
      expect(job.spec.template.spec.containers[0].env).toEqual(
        expect.arrayContaining([
          { name: 'PGSSLMODE', value: 'verify-full' },
          {
            name: 'PGHOST',
            valueFrom: { secretKeyRef: { name: `${service}-database-secret`, key: 'host' } },
          },
        ]),
      );
      const { target, data } = stack.one('ExternalSecret', `${service}-database-secret`).spec;
      expect(target.template.data.url).toContain('sslmode=verify-full');
      expect(data[0].remoteRef.key).toBe(`ecommerce-platform/${environment}/${service}-database-secret`);
    }
    expect(stack.one('ExternalSecret', 'redis-secret').spec.target.template.data.url).toMatch(/^rediss:/);
  });

  test('vacuum, analyze and statement statistics are set', () => {
    const parameters = Object.fromEntries(
      stack
        .aws('rds/parameterGroup')[0]
        ?.inputs.parameters.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    expect(parameters).toMatchObject({
      autovacuum: '1',
      autovacuum_vacuum_scale_factor: '0.05',
      autovacuum_analyze_scale_factor: '0.02',
      shared_preload_libraries: 'pg_stat_statements,auto_explain',
      log_parameter_max_length: '0',
    });
  });

  test('backups are kept five weeks and a year, and restored every Monday to see that they can be', () => {
    expect(stack.aws('backup/plan')[0]?.inputs.rules).toMatchObject([
      { ruleName: 'daily', lifecycle: { deleteAfter: 35 } },
      { ruleName: 'monthly', lifecycle: { deleteAfter: 365 } },
    ]);
    expect(stack.aws('backup/selection')[0]?.from('resources')).toEqual(['database']);
    expect(
      stack.aws('backup/restoreTestingSelection').map(({ inputs }) => inputs.protectedResourceType),
    ).toEqual(expect.arrayContaining(['RDS', 'S3']));
    expect(stack.aws('backup/restoreTestingPlan')[0]?.inputs.scheduleExpression).toContain('MON');
  });

  test('the account is watched: GuardDuty, Inspector, Security Hub, Config, CloudTrail, and a budget', () => {
    expect(stack.aws('guardduty/detector')[0]?.inputs.enable).toBe(true);
    expect(stack.aws('guardduty/detectorFeature').every(({ inputs }) => inputs.status === 'ENABLED')).toBe(
      true,
    );
    expect(stack.aws('inspector2/enabler')[0]?.inputs.resourceTypes).toContain('ECR');
    expect(stack.aws('securityhub/standardsSubscription')).toHaveLength(2);
    expect(stack.aws('cfg/recorderStatus')[0]?.inputs.isEnabled).toBe(true);
    expect(stack.aws('cloudtrail/trail')[0]?.inputs).toMatchObject({
      isMultiRegionTrail: true,
      enableLogFileValidation: true,
    });
    expect(stack.aws('budgets/budget')[0]?.inputs).toMatchObject({
      limitAmount: environment === 'production' ? '12000' : '2500',
      limitUnit: 'USD',
    });
  });
});
