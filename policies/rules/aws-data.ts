// Where AWS keeps data: encrypted with a key of our own, reached over TLS from inside only, backed up, hard to delete.
import { isAws } from '../aws';
import type { Field } from '../fields';
import { numberSetting, type Resource, type ResourceRule, type StackRule } from '../rule';

const rule = { scope: 'resource', level: 'mandatory' } as const;

const isInstance = (resource: Resource) => isAws(resource, 'rds/instance:Instance');
const isDatabase = (resource: Resource) => isInstance(resource) || isAws(resource, 'rds/cluster:Cluster');
const isCache = (resource: Resource) => isAws(resource, 'elasticache/replicationGroup:ReplicationGroup');
const isBroker = (resource: Resource) => isAws(resource, 'msk/cluster:Cluster');
/** A replica takes encryption and backups from what it replicates. */
const isReplica = (resource: Resource) => resource.props.at('replicateSourceDb').isGiven;

/** Per type: the switch that must be on (where there is one), and the property that names the key. */
const encryption: Record<string, { on?: string[]; key: string[] }> = {
  'rds/instance:Instance': { on: ['storageEncrypted'], key: ['kmsKeyId'] },
  'rds/cluster:Cluster': { on: ['storageEncrypted'], key: ['kmsKeyId'] },
  'elasticache/replicationGroup:ReplicationGroup': { on: ['atRestEncryptionEnabled'], key: ['kmsKeyId'] },
  'elasticache/serverlessCache:ServerlessCache': { key: ['kmsKeyId'] },
  'msk/cluster:Cluster': { key: ['encryptionInfo', 'encryptionAtRestKmsKeyArn'] },
  'ebs/volume:Volume': { on: ['encrypted'], key: ['kmsKeyId'] },
  'efs/fileSystem:FileSystem': { on: ['encrypted'], key: ['kmsKeyId'] },
  'dynamodb/table:Table': {
    on: ['serverSideEncryption', 'enabled'],
    key: ['serverSideEncryption', 'kmsKeyArn'],
  },
  'opensearch/domain:Domain': { on: ['encryptAtRest', 'enabled'], key: ['encryptAtRest', 'kmsKeyId'] },
  'secretsmanager/secret:Secret': { key: ['kmsKeyId'] },
  'sns/topic:Topic': { key: ['kmsMasterKeyId'] },
  'sqs/queue:Queue': { key: ['kmsMasterKeyId'] },
  'cloudwatch/logGroup:LogGroup': { key: ['kmsKeyId'] },
  'cloudtrail/trail:Trail': { key: ['kmsKeyId'] },
  'backup/vault:Vault': { key: ['kmsKeyArn'] },
  'eks/cluster:Cluster': { key: ['encryptionConfig', 'provider', 'keyArn'] },
};

const encryptedAtRest: ResourceRule = {
  ...rule,
  name: 'aws-encrypted-at-rest',
  item: 'data/at-rest',
  severity: 'high',
  description: 'Whatever AWS keeps is encrypted (AES-256) with a KMS key of this account.',
  fix: "switch encryption on and name a KMS key of the stack (not AWS's default key, whose policy nobody here owns)",
  matches: (resource) => Object.hasOwn(encryption, resource.type.replace(/^aws:/, '')),
  validate(resource, report) {
    const { on, key } = encryption[resource.type.replace(/^aws:/, '')] ?? { key: [] };
    report.guard(() => {
      const at = on && resource.props.at(...on);
      // Some engines give this switch as text.
      if (at && String(at.value) !== 'true') report.violation(at, 'encryption at rest is off');
    });
    const at = resource.props.at(...key);
    if (!at.isGiven && !isReplica(resource)) report.violation(at, 'no KMS key is named');
  },
};

const encryptedDisks: ResourceRule = {
  ...rule,
  name: 'aws-encrypted-disks',
  item: 'data/at-rest',
  severity: 'high',
  description: 'Disks of nodes are encrypted, and so are the volumes that Kubernetes makes.',
  fix: "set ebs.encrypted: true on every block device of the launch template, and parameters.encrypted: 'true' on the StorageClass",
  matches: (resource) =>
    isAws(resource, 'ec2/launchTemplate:LaunchTemplate', 'ec2/instance:Instance') ||
    resource.type === 'kubernetes:storage.k8s.io/v1:StorageClass',
  validate(resource, report) {
    const off = (at: Field) => {
      if (String(at.value) !== 'true') report.violation(at, 'the disk is not encrypted');
    };
    if (resource.kind === 'StorageClass') {
      if (resource.props.at('provisioner').text === 'ebs.csi.aws.com')
        off(resource.props.at('parameters', 'encrypted'));
      return;
    }
    if (resource.kind === 'Instance')
      report.guard(() => off(resource.props.at('rootBlockDevice', 'encrypted')));
    for (const device of resource.props.at('blockDeviceMappings').items)
      report.guard(() => off(device.at('ebs', 'encrypted')));
  },
};

const databaseTls: ResourceRule = {
  ...rule,
  name: 'aws-database-tls',
  item: 'data/database-encryption',
  severity: 'high',
  description: 'Databases, caches and brokers on AWS take TLS connections of known clients only.',
  fix: "RDS: a parameter group of its own with rds.force_ssl = 1; ElastiCache: transitEncryptionEnabled with an auth token or user group; MSK: clientBroker: 'TLS' and no unauthenticated clients; RDS proxy: requireTls: true",
  matches: (resource) =>
    isDatabase(resource) ||
    isCache(resource) ||
    isBroker(resource) ||
    isAws(
      resource,
      'rds/parameterGroup:ParameterGroup',
      'rds/clusterParameterGroup:ClusterParameterGroup',
      'rds/proxy:Proxy',
    ),
  validate(resource, report) {
    const { props } = resource;
    if (isInstance(resource)) return needsGroup(props.at('parameterGroupName'));
    if (isDatabase(resource)) return needsGroup(props.at('dbClusterParameterGroupName'));
    if (isCache(resource)) {
      report.guard(() => {
        const at = props.at('transitEncryptionEnabled');
        if (at.value !== true) report.violation(at, 'connections are not encrypted');
      });
      report.guard(() => {
        const mode = props.at('transitEncryptionMode');
        if (mode.text === 'preferred') report.violation(mode, 'plain connections are still taken');
      });
      if (!props.at('authToken').isGiven && !props.at('userGroupIds').isGiven)
        report.violation(props.at('authToken'), 'clients need no password');
      return;
    }
    if (isBroker(resource)) {
      report.guard(() => {
        const at = props.at('encryptionInfo', 'encryptionInTransit', 'clientBroker');
        if (at.exists && at.text !== 'TLS') report.violation(at, `clients may connect by ${at.text}`);
      });
      report.guard(() => {
        const at = props.at('encryptionInfo', 'encryptionInTransit', 'inCluster');
        if (at.value === false) report.violation(at, 'brokers talk plain to each other');
      });
      report.guard(() => {
        const at = props.at('clientAuthentication');
        if (!at.exists || at.at('unauthenticated').value === true)
          report.violation(at, 'clients are not authenticated');
      });
      return;
    }
    if (resource.kind === 'Proxy') {
      const at = props.at('requireTls');
      if (at.value !== true) report.violation(at, 'the proxy takes plain connections');
      return;
    }
    if (props.at('family').text?.includes('postgres')) forcesTls(props.at('parameters'));

    function needsGroup(at: Field) {
      report.guard(() => {
        if (!at.isGiven || (!at.unknown && at.text?.startsWith('default.')))
          report.violation(at, 'there is no parameter group of its own that forces TLS');
      });
    }
    function forcesTls(parameters: Field) {
      const force = parameters.items.find((one) => one.at('name').text === 'rds.force_ssl');
      if (force?.at('value').text !== '1') report.violation(parameters, 'rds.force_ssl is not 1');
    }
  },
};

const noPublicData: ResourceRule = {
  ...rule,
  name: 'aws-no-public-data',
  item: 'infrastructure/security-groups',
  severity: 'critical',
  description: 'No database, cache, broker or search domain has an address on the internet.',
  fix: 'set publiclyAccessible: false (MSK: no publicAccess), and put it into subnets without a route to the internet',
  matches: (resource) =>
    isDatabase(resource) ||
    isBroker(resource) ||
    isCache(resource) ||
    isAws(resource, 'rds/clusterInstance:ClusterInstance', 'opensearch/domain:Domain'),
  validate(resource, report) {
    const { props } = resource;
    report.guard(() => {
      const at = props.at('publiclyAccessible');
      if (at.value === true) report.violation(at, 'it has a public address');
    });
    report.guard(() => {
      const at = props.at('brokerNodeGroupInfo', 'connectivityInfo', 'publicAccess', 'type');
      if (at.exists && at.text !== 'DISABLED') report.violation(at, 'the brokers have public addresses');
    });
    const place = { Instance: 'dbSubnetGroupName', Cluster: 'dbSubnetGroupName', Domain: 'vpcOptions' };
    const key = isCache(resource) ? 'subnetGroupName' : place[resource.kind as keyof typeof place];
    if (!key || isBroker(resource) || isReplica(resource) || props.at(key).isGiven) return;
    report.violation(props.at(key), 'it stands in the default network');
  },
};

const backups: ResourceRule = {
  ...rule,
  name: 'aws-backups',
  item: 'compliance/soc2',
  severity: 'high',
  description:
    'Databases are backed up for long enough, caches for a day, and a last snapshot is taken before they go.',
  fix: 'set backupRetentionPeriod to at least the number of days asked for (cache: snapshotRetentionLimit to 1 or more), and skipFinalSnapshot: false with a finalSnapshotIdentifier',
  settings: {
    days: { type: 'number', description: 'days the backup of a database is kept at least (default: 7)' },
  },
  matches: (resource) => isDatabase(resource) || isCache(resource) || isAws(resource, 'dynamodb/table:Table'),
  validate(resource, report, settings) {
    const { props } = resource;
    // What a cache has lost can be fetched again.
    const days = isCache(resource) ? 1 : numberSetting(settings, 'days', 7);
    if (resource.kind === 'Table') {
      const at = props.at('pointInTimeRecovery', 'enabled');
      if (at.value !== true) report.violation(at, 'no point of the past can be restored');
      return;
    }
    report.guard(() => {
      const at = props.at(isCache(resource) ? 'snapshotRetentionLimit' : 'backupRetentionPeriod');
      const kept = isReplica(resource) ? days : (at.number ?? 0);
      if (kept < days) report.violation(at, `backups are kept for ${kept} days, less than ${days}`);
    });
    report.guard(() => {
      const at = props.at('skipFinalSnapshot');
      if (at.value === true && !isReplica(resource)) report.violation(at, 'no last snapshot is taken');
    });
  },
};

const deletionProtection: ResourceRule = {
  ...rule,
  name: 'aws-deletion-protection',
  item: 'compliance/soc2',
  severity: 'high',
  description: 'Databases, keys and load balancers cannot be deleted by one mistaken command.',
  fix: 'set deletionProtection: true (load balancer: enableDeletionProtection; KMS key: deletionWindowInDays of 7 or more)',
  matches: (resource) =>
    isDatabase(resource) ||
    isAws(resource, 'lb/loadBalancer:LoadBalancer', 'alb/loadBalancer:LoadBalancer', 'kms/key:Key'),
  validate(resource, report) {
    if (isDatabase(resource)) {
      const at = resource.props.at('deletionProtection');
      if (at.value !== true && !isReplica(resource)) report.violation(at, 'it may be deleted at once');
    } else if (resource.kind === 'Key') {
      const at = resource.props.at('deletionWindowInDays');
      if (at.exists && (at.number ?? 0) < 7) report.violation(at, 'the key is gone within a week');
    } else {
      const at = resource.props.at('enableDeletionProtection');
      if (at.value !== true) report.violation(at, 'it may be deleted at once');
    }
  },
};

const multiZone: ResourceRule = {
  ...rule,
  name: 'aws-multi-zone',
  item: 'compliance/soc2',
  severity: 'high',
  description: 'Databases, caches, brokers and clusters survive the loss of a zone.',
  fix: 'RDS: multiAz: true; ElastiCache: multiAzEnabled and automaticFailoverEnabled; EKS and MSK: subnets of two zones or more',
  matches: (resource) =>
    isInstance(resource) || isCache(resource) || isBroker(resource) || isAws(resource, 'eks/cluster:Cluster'),
  validate(resource, report) {
    const { props } = resource;
    const on = (key: string) => {
      const at = props.at(key);
      if (at.value !== true) report.violation(at, 'it stands in one zone');
    };
    if (isInstance(resource)) {
      if (!isReplica(resource)) on('multiAz');
      return;
    }
    if (isCache(resource)) {
      report.guard(() => on('multiAzEnabled'));
      report.guard(() => on('automaticFailoverEnabled'));
      return;
    }
    const subnets = isBroker(resource)
      ? props.at('brokerNodeGroupInfo', 'clientSubnets')
      : props.at('vpcConfig', 'subnetIds');
    if (subnets.items.length < 2) report.violation(subnets, 'it stands in one subnet');
  },
};

const nodesMultiZone: StackRule = {
  scope: 'stack',
  name: 'aws-nodes-multi-zone',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'Nodes stand in two zones or more, in one group or in one group per zone.',
  fix: 'give the node group subnets of two zones or more, or add a group in another zone',
  validate(stack, report) {
    const groups = stack.filter((one) => isAws(one, 'eks/nodeGroup:NodeGroup'));
    const [first] = groups;
    if (!first) return;
    const one = report.on(first);
    one.guard(() => {
      const subnets = groups.flatMap((group) => group.props.at('subnetIds').items);
      if (subnets.length < 2) one.violation(first.props.at('subnetIds'), 'all nodes stand in one subnet');
    });
  },
};

export const awsDataRules = [
  encryptedAtRest,
  encryptedDisks,
  databaseTls,
  noPublicData,
  backups,
  deletionProtection,
  multiZone,
  nodesMultiZone,
];
