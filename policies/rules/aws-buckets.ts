// Buckets: in today's provider each guard is a resource of its own, so the stack as a whole must have them.
import { asList, isAws, names, statementsOf } from '../aws';
import { listSetting, type Resource, type ResourceRule, type StackRule } from '../rule';

const isBucket = (resource: Resource) => isAws(resource, 's3/bucket:Bucket', 's3/bucketV2:BucketV2');

/** What must stand beside each bucket: in which resource types, and what its absence means. */
const guards = [
  {
    types: ['s3/bucketPublicAccessBlock:BucketPublicAccessBlock'],
    missing: 'nothing blocks public access',
  },
  {
    types: [
      's3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
      's3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2',
    ],
    missing: 'it is not encrypted with a key of this account',
  },
  {
    types: ['s3/bucketVersioning:BucketVersioning', 's3/bucketVersioningV2:BucketVersioningV2'],
    missing: 'what is overwritten is lost',
  },
  { types: ['s3/bucketPolicy:BucketPolicy'], missing: 'plain HTTP is not refused' },
];

const bucketGuarded: StackRule = {
  scope: 'stack',
  name: 'aws-bucket-guarded',
  item: 'data/at-rest',
  severity: 'high',
  level: 'mandatory',
  description: 'Every bucket blocks public access, keeps versions, is encrypted and refuses plain HTTP.',
  fix: 'add a BucketPublicAccessBlock, BucketServerSideEncryptionConfiguration, BucketVersioning and a BucketPolicy that denies aws:SecureTransport = false, each naming the bucket',
  validate(stack, report) {
    for (const bucket of stack.filter(isBucket)) {
      const one = report.on(bucket);
      for (const { types, missing } of guards) {
        const candidates = stack.filter((resource) => isAws(resource, ...types));
        if (candidates.some((candidate) => names(candidate, 'bucket', bucket))) continue;
        // Whose guard it is may only be known on up.
        const open = candidates.find(
          (candidate) => candidate.props.at('bucket').unknown && !candidate.references.bucket,
        );
        if (open) one.guard(() => open.props.at('bucket').value);
        else one.violation('bucket', missing);
      }
    }
  },
};

const blocks = ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'];

const bucketGuardsWhole: ResourceRule = {
  scope: 'resource',
  name: 'aws-bucket-guards-whole',
  item: 'data/at-rest',
  severity: 'high',
  level: 'mandatory',
  description: 'The guards of a bucket do all they can: four blocks, KMS, versions on, plain HTTP denied.',
  fix: "set all four blocks to true, sseAlgorithm 'aws:kms' with a key, status 'Enabled', and deny aws:SecureTransport = false to everybody",
  matches: (resource) =>
    isAws(
      resource,
      ...guards.flatMap(({ types }) => types),
      's3/bucketAcl:BucketAcl',
      's3/bucketAclV2:BucketAclV2',
    ),
  settings: {
    managedKey: {
      type: 'array',
      items: { type: 'string' },
      description:
        "Pulumi names of encryption configurations that may use S3's own key (AES256): log delivery of load balancers knows no other",
    },
  },
  validate(resource, report, settings) {
    const { kind, props } = resource;
    if (kind === 'BucketPublicAccessBlock') {
      for (const key of blocks) {
        report.guard(() => {
          if (props.at(key).value !== true) report.violation(props.at(key), `${key} is off`);
        });
      }
    } else if (kind.startsWith('BucketServerSideEncryption')) {
      const byOwnKey = !listSetting(settings, 'managedKey', []).includes(resource.name);
      for (const rule of byOwnKey ? props.at('rules').items : []) {
        report.guard(() => {
          const by = rule.at('applyServerSideEncryptionByDefault');
          if (!by.at('sseAlgorithm').text?.startsWith('aws:kms') || !by.at('kmsMasterKeyId').isGiven)
            report.violation(by, 'no KMS key is named');
        });
      }
    } else if (kind.startsWith('BucketVersioning')) {
      const at = props.at('versioningConfiguration', 'status');
      if (at.text !== 'Enabled') report.violation(at, 'versions are not kept');
    } else if (kind.startsWith('BucketAcl')) {
      const at = props.at('acl');
      if (/public|authenticated/.test(at.text ?? '')) report.violation(at, `the list ${at.text} is public`);
    } else {
      const denies = statementsOf(props.at('policy')).some(
        (statement) =>
          statement.at('Effect').text === 'Deny' &&
          asList(statement.at('Condition', 'Bool', 'aws:SecureTransport')).some(
            (value) => String(value.value) === 'false',
          ),
      );
      if (!denies) report.violation(props.at('policy'), 'plain HTTP is not denied');
    }
  },
};

export const awsBucketRules = [bucketGuarded, bucketGuardsWhole];
