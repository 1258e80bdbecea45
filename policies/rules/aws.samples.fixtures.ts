// Resources of AWS that break no rule.
import { aws, madeOf, type Sample } from './samples.fixtures';

const arn = (rest: string) => `arn:aws:${rest}`;
const key = arn('kms:eu-central-1:111122223333:key/one');
export const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

export const database = aws('rds/instance:Instance', 'orders', {
  engine: 'postgres',
  storageEncrypted: true,
  kmsKeyId: key,
  parameterGroupName: 'orders-tls',
  dbSubnetGroupName: 'isolated',
  publiclyAccessible: false,
  multiAz: true,
  backupRetentionPeriod: 14,
  deletionProtection: true,
  skipFinalSnapshot: false,
});
export const replica = aws('rds/instance:Instance', 'orders-replica', {
  replicateSourceDb: 'orders',
  storageEncrypted: true,
  parameterGroupName: 'orders-tls',
  skipFinalSnapshot: true,
});
export const parameters = aws('rds/parameterGroup:ParameterGroup', 'orders-tls', {
  family: 'postgres17',
  parameters: [{ name: 'rds.force_ssl', value: '1', applyMethod: 'immediate' }],
});
export const cache = aws('elasticache/replicationGroup:ReplicationGroup', 'cache', {
  atRestEncryptionEnabled: true,
  transitEncryptionEnabled: true,
  transitEncryptionMode: 'required',
  kmsKeyId: key,
  authToken: 'from-a-secret',
  subnetGroupName: 'isolated',
  multiAzEnabled: true,
  automaticFailoverEnabled: true,
  snapshotRetentionLimit: 7,
});
export const broker = aws('msk/cluster:Cluster', 'events', {
  encryptionInfo: {
    encryptionAtRestKmsKeyArn: key,
    encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
  },
  clientAuthentication: { sasl: { iam: true } },
  brokerNodeGroupInfo: { clientSubnets: ['a', 'b', 'c'] },
});
export const logGroup = aws('cloudwatch/logGroup:LogGroup', 'flows', { kmsKeyId: key });
export const template = aws('ec2/launchTemplate:LaunchTemplate', 'nodes', {
  metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
  blockDeviceMappings: [{ ebs: { encrypted: 'true', kmsKeyId: key } }],
});
export const kmsKey = aws('kms/key:Key', 'data', {
  enableKeyRotation: true,
  deletionWindowInDays: 30,
  policy: document({
    Effect: 'Allow',
    Principal: { AWS: arn('iam::111122223333:root') },
    Action: 'kms:*',
    Resource: '*',
  }),
});
export const bucket = aws('s3/bucket:Bucket', 'backups', { bucket: 'store-backups' });
export const publicAccess = aws('s3/bucketPublicAccessBlock:BucketPublicAccessBlock', 'backups', {
  bucket: 'store-backups',
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
});
export const bucketKey = aws(
  's3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
  'backups',
  {
    bucket: 'store-backups',
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key } }],
  },
);
export const versions = aws('s3/bucketVersioning:BucketVersioning', 'backups', {
  bucket: 'store-backups',
  versioningConfiguration: { status: 'Enabled' },
});
export const bucketPolicy = aws('s3/bucketPolicy:BucketPolicy', 'backups', {
  bucket: 'store-backups',
  policy: document({
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: arn('s3:::store-backups/*'),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }),
});
export const group = aws('ec2/securityGroup:SecurityGroup', 'edge', {
  ingress: [{ protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: ['0.0.0.0/0'] }],
  egress: [{ protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: ['0.0.0.0/0'] }],
});
export const ingressRule = aws('vpc/securityGroupIngressRule:SecurityGroupIngressRule', 'database', {
  ipProtocol: 'tcp',
  fromPort: 5432,
  toPort: 5432,
  referencedSecurityGroupId: 'sg-nodes',
});
export const egressRule = aws('vpc/securityGroupEgressRule:SecurityGroupEgressRule', 'nodes', {
  ipProtocol: 'tcp',
  fromPort: 443,
  toPort: 443,
  cidrIpv4: '0.0.0.0/0',
});
export const balancer = aws('lb/loadBalancer:LoadBalancer', 'edge', {
  loadBalancerType: 'application',
  internal: false,
  arn: arn('elasticloadbalancing:edge'),
  enableDeletionProtection: true,
});
export const listener = aws('lb/listener:Listener', 'edge', {
  protocol: 'HTTPS',
  sslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06',
  certificateArn: arn('acm:certificate/one'),
});
export const distribution = aws('cloudfront/distribution:Distribution', 'assets', {
  webAclId: arn('wafv2:webacl/edge'),
  viewerCertificate: { minimumProtocolVersion: 'TLSv1.3_2025' },
  defaultCacheBehavior: { viewerProtocolPolicy: 'redirect-to-https' },
});
export const association = aws('wafv2/webAclAssociation:WebAclAssociation', 'edge', {
  resourceArn: arn('elasticloadbalancing:edge'),
});
export const firewall = aws('wafv2/webAcl:WebAcl', 'edge', {
  rules: [
    {
      name: 'common',
      overrideAction: { none: {} },
      statement: {
        managedRuleGroupStatement: { vendorName: 'AWS', name: 'AWSManagedRulesCommonRuleSet' },
      },
    },
    { name: 'rate', action: { block: {} }, statement: { rateBasedStatement: { limit: 2000 } } },
  ],
});
export const network = aws('ec2/vpc:Vpc', 'store', { cidrBlock: '10.0.0.0/16' });
const ofNetwork = (sample: Sample) => madeOf(sample, 'vpcId', 'ec2/vpc:Vpc', 'store');
export const flowLog = () => ofNetwork(aws('ec2/flowLog:FlowLog', 'store', { trafficType: 'ALL' })());
export const closedGroup = () =>
  ofNetwork(aws('ec2/defaultSecurityGroup:DefaultSecurityGroup', 'store', {})());
export const policy = aws('iam/policy:Policy', 'reader', {
  policy: document(
    { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [arn('s3:::store-backups/*')] },
    { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
  ),
});
export const role = aws('iam/role:Role', 'orders', {
  assumeRolePolicy: document({
    Effect: 'Allow',
    Principal: { Federated: arn('iam::111122223333:oidc-provider/id') },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { 'id:sub': 'system:serviceaccount:store:orders', 'id:aud': 'sts.amazonaws.com' },
    },
  }),
});
export const attachment = aws('iam/rolePolicyAttachment:RolePolicyAttachment', 'orders', {
  role: 'orders',
  policyArn: arn('iam::aws:policy/AmazonEKSWorkerNodePolicy'),
});
export const detector = aws('guardduty/detector:Detector', 'one', { enable: true });
export const inspector = aws('inspector2/enabler:Enabler', 'one', { resourceTypes: ['ECR'] });
export const trail = aws('cloudtrail/trail:Trail', 'one', {
  isMultiRegionTrail: true,
  enableLogFileValidation: true,
  kmsKeyId: key,
});
export const cluster = aws('eks/cluster:Cluster', 'store', {
  enabledClusterLogTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
  encryptionConfig: { provider: { keyArn: key }, resources: ['secrets'] },
  vpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false, subnetIds: ['a', 'b', 'c'] },
});
export const nodeGroup = aws('eks/nodeGroup:NodeGroup', 'store', { subnetIds: ['a', 'b', 'c'] });
export const registry = aws('ecr/repository:Repository', 'shop', {
  imageTagMutability: 'IMMUTABLE',
  imageScanningConfiguration: { scanOnPush: true },
});

/** A whole account that breaks no rule. */
export const compliantAccount = (): Sample[] =>
  [
    ...[database, replica, parameters, cache, broker, logGroup, template, kmsKey],
    ...[bucket, publicAccess, bucketKey, versions, bucketPolicy],
    ...[group, ingressRule, egressRule, balancer, listener, distribution, association, firewall],
    ...[network, flowLog, closedGroup, policy, role, attachment],
    ...[detector, inspector, trail, cluster, nodeGroup, registry],
  ].map((make) => make());
