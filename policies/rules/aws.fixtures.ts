// Fixtures of the rules about data on AWS.
import {
  balancer,
  broker,
  bucket,
  bucketKey,
  bucketPolicy,
  cache,
  cluster,
  database,
  document,
  kmsKey,
  logGroup,
  nodeGroup,
  parameters,
  publicAccess,
  replica,
  template,
  trail,
  versions,
} from './aws.samples.fixtures';
import type { Fixtures } from './pods.fixtures';
import { anonymous, aws, madeOf, resource, UNKNOWN } from './samples.fixtures';

const guarded = [publicAccess(), bucketKey(), versions(), bucketPolicy()];
const storageClass = resource('kubernetes:storage.k8s.io/v1:StorageClass', 'fast', {
  provisioner: 'ebs.csi.aws.com',
  parameters: { type: 'gp3', encrypted: 'true' },
});

export const awsFixtures: Record<string, Fixtures> = {
  'aws-encrypted-at-rest': {
    good: [
      database(),
      replica(),
      cache(),
      broker(),
      logGroup(),
      trail(),
      cluster(),
      // A key made in the same run has no name yet; that it is named is known.
      database({ kmsKeyId: UNKNOWN }),
    ],
    bad: [
      [database({ storageEncrypted: undefined }), /encryption at rest is off at storageEncrypted/],
      [database({ kmsKeyId: undefined }), /no KMS key is named at kmsKeyId/],
      [cache({ atRestEncryptionEnabled: false }), /encryption at rest is off/],
      [broker({ 'encryptionInfo.encryptionAtRestKmsKeyArn': undefined }), /no KMS key/],
      [aws('secretsmanager/secret:Secret', 'stripe', {})(), /no KMS key/],
      [cluster({ encryptionConfig: undefined }), /no KMS key is named at encryptionConfig\.provider\.keyArn/],
    ],
    unknown: [database({ storageEncrypted: UNKNOWN })],
  },
  'aws-encrypted-disks': {
    good: [template(), storageClass(), storageClass({ provisioner: 'csi.other.test', parameters: {} })],
    bad: [
      [template({ 'blockDeviceMappings.0.ebs.encrypted': undefined }), /the disk is not encrypted/],
      [storageClass({ 'parameters.encrypted': 'false' }), /the disk is not encrypted/],
      [aws('ec2/instance:Instance', 'bastion', {})(), /not encrypted at rootBlockDevice\.encrypted/],
    ],
    unknown: [template({ blockDeviceMappings: UNKNOWN }), storageClass({ parameters: UNKNOWN })],
  },
  'aws-database-tls': {
    good: [database(), replica(), parameters(), cache(), broker(), database({ parameterGroupName: UNKNOWN })],
    bad: [
      [database({ parameterGroupName: undefined }), /no parameter group of its own/],
      [database({ parameterGroupName: 'default.postgres17' }), /no parameter group of its own/],
      [parameters({ 'parameters.0.value': '0' }), /rds\.force_ssl is not 1/],
      [parameters({ parameters: [] }), /rds\.force_ssl is not 1/],
      [cache({ transitEncryptionEnabled: false }), /connections are not encrypted/],
      [cache({ transitEncryptionMode: 'preferred' }), /plain connections are still taken/],
      [cache({ authToken: undefined }), /clients need no password/],
      [broker({ 'encryptionInfo.encryptionInTransit.clientBroker': 'TLS_PLAINTEXT' }), /by TLS_PLAINTEXT/],
      [broker({ clientAuthentication: undefined }), /clients are not authenticated/],
      [aws('rds/proxy:Proxy', 'orders', {})(), /plain connections/],
    ],
    unknown: [cache({ transitEncryptionEnabled: UNKNOWN }), parameters({ parameters: UNKNOWN })],
  },
  'aws-no-public-data': {
    good: [database(), replica(), cache(), broker()],
    bad: [
      [database({ publiclyAccessible: true }), /has a public address/],
      [database({ dbSubnetGroupName: undefined }), /stands in the default network/],
      [cache({ subnetGroupName: undefined }), /stands in the default network/],
      [
        broker({ 'brokerNodeGroupInfo.connectivityInfo.publicAccess.type': 'SERVICE_PROVIDED_EIPS' }),
        /the brokers have public addresses/,
      ],
    ],
    unknown: [database({ publiclyAccessible: UNKNOWN })],
  },
  'aws-backups': {
    good: [database(), replica(), cache()],
    bad: [
      [database({ backupRetentionPeriod: 1 }), /kept for 1 days, less than 7/],
      [database({ backupRetentionPeriod: undefined }), /kept for 0 days/],
      [database({ skipFinalSnapshot: true }), /no last snapshot/],
      [cache({ snapshotRetentionLimit: undefined }), /kept for 0 days, less than 1/],
      [aws('dynamodb/table:Table', 'carts', {})(), /no point of the past/],
    ],
    unknown: [database({ backupRetentionPeriod: UNKNOWN })],
  },
  'aws-deletion-protection': {
    good: [database(), replica(), balancer(), kmsKey()],
    bad: [
      [database({ deletionProtection: false }), /deleted at once/],
      [balancer({ enableDeletionProtection: undefined }), /deleted at once/],
    ],
    unknown: [database({ deletionProtection: UNKNOWN })],
  },
  'aws-multi-zone': {
    good: [database(), replica(), cache(), broker(), cluster()],
    bad: [
      [database({ multiAz: false }), /stands in one zone at multiAz/],
      [cache({ automaticFailoverEnabled: undefined }), /one zone at automaticFailoverEnabled/],
      [cluster({ 'vpcConfig.subnetIds': ['a'] }), /one subnet/],
    ],
    unknown: [database({ multiAz: UNKNOWN }), cluster({ 'vpcConfig.subnetIds': UNKNOWN })],
  },
  'aws-nodes-multi-zone': {
    good: [[nodeGroup()], [nodeGroup({ subnetIds: ['a'] }), nodeGroup({ subnetIds: ['b'] })], [cluster()]],
    bad: [[[nodeGroup({ subnetIds: ['a'] })], /all nodes stand in one subnet/]],
    unknown: [[nodeGroup({ subnetIds: UNKNOWN })]],
  },
  'aws-bucket-guarded': {
    good: [
      [bucket(), ...guarded],
      [
        bucket({ bucket: undefined }),
        ...guarded.map((guard) => madeOf(guard, 'bucket', 's3/bucket:Bucket', 'backups')),
      ],
    ],
    bad: [
      [[bucket()], /nothing blocks public access/],
      [[bucket(), ...guarded.slice(1)], /nothing blocks public access/],
      [[bucket(), ...guarded.slice(0, 2)], /what is overwritten is lost[\s\S]*plain HTTP is not refused/],
      [[bucket(), publicAccess({ bucket: 'another' }), ...guarded.slice(1)], /nothing blocks public access/],
      [
        [bucket(), madeOf(publicAccess(), 'bucket', 's3/bucket:Bucket', 'another'), ...guarded.slice(1)],
        /nothing blocks public access/,
      ],
    ],
    unknown: [[bucket(), anonymous(publicAccess(), 'bucket'), ...guarded.slice(1)]],
  },
  'aws-bucket-guards-whole': {
    settings: { managedKey: ['access-logs'] },
    good: [
      ...guarded,
      {
        ...bucketKey({ 'rules.0.applyServerSideEncryptionByDefault': { sseAlgorithm: 'AES256' } }),
        name: 'access-logs',
      },
    ],
    bad: [
      [publicAccess({ restrictPublicBuckets: undefined }), /restrictPublicBuckets is off/],
      [bucketKey({ 'rules.0.applyServerSideEncryptionByDefault.sseAlgorithm': 'AES256' }), /no KMS key/],
      [versions({ 'versioningConfiguration.status': 'Suspended' }), /versions are not kept/],
      [bucketPolicy({ policy: document({ Effect: 'Allow', Principal: '*' }) }), /plain HTTP is not denied/],
      [aws('s3/bucketAcl:BucketAcl', 'backups', { acl: 'public-read' })(), /public-read is public/],
    ],
    unknown: [publicAccess({ blockPublicAcls: UNKNOWN }), bucketPolicy({ policy: UNKNOWN })],
  },
};
