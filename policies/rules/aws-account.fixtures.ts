// Fixtures of the rules about networks, rights and the watch over an account.
import {
  association,
  attachment,
  balancer,
  bucketPolicy,
  closedGroup,
  cluster,
  database,
  detector,
  distribution,
  document,
  egressRule,
  firewall,
  flowLog,
  group,
  ingressRule,
  inspector,
  kmsKey,
  listener,
  network,
  policy,
  registry,
  role,
  template,
  trail,
} from './aws.samples.fixtures';
import type { Fixtures } from './pods.fixtures';
import { anonymous, aws, madeOf, service, UNKNOWN } from './samples.fixtures';

const allows = (...statements: object[]) =>
  policy({
    policy: document(...statements.map((one) => ({ Effect: 'Allow', Action: 's3:GetObject', ...one }))),
  });
const trusts = (statement: object) =>
  role({
    assumeRolePolicy: document({ Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', ...statement }),
  });
const open = { protocol: 'tcp', fromPort: 5432, toPort: 5432, cidrBlocks: ['0.0.0.0/0'] };
const watched = [network(), detector(), inspector(), trail()];

export const awsAccountFixtures: Record<string, Fixtures> = {
  'aws-security-group-closed': {
    good: [group(), ingressRule()],
    bad: [
      [group({ ingress: [open] }), /everybody may reach ports 5432 to 5432 at ingress\[0\]\.cidrBlocks\[0\]/],
      [group({ 'ingress.0.toPort': 9000 }), /ports 443 to 9000/],
      [group({ ingress: [{ protocol: '-1', ipv6CidrBlocks: ['::/0'] }] }), /ports all to all/],
      [ingressRule({ cidrIpv4: '0.0.0.0/0' }), /ports 5432/],
      [aws('ec2/securityGroupRule:SecurityGroupRule', 'ssh', { ...open, type: 'ingress' })(), /5432/],
    ],
    unknown: [group({ ingress: UNKNOWN }), ingressRule({ cidrIpv4: UNKNOWN })],
  },
  'aws-security-group-egress': {
    good: [group(), egressRule()],
    bad: [
      [group({ 'egress.0.protocol': '-1' }), /everything may go everywhere at egress\[0\]/],
      [egressRule({ ipProtocol: '-1' }), /everything may go everywhere at ipProtocol/],
    ],
    unknown: [group({ egress: UNKNOWN }), egressRule({ ipProtocol: UNKNOWN })],
  },
  'aws-load-balancer-tls': {
    good: [
      listener(),
      listener({
        protocol: 'HTTP',
        sslPolicy: undefined,
        defaultActions: [{ type: 'redirect', redirect: { protocol: 'HTTPS', statusCode: 'HTTP_301' } }],
      }),
      listener({ protocol: 'TCP', sslPolicy: undefined, certificateArn: undefined }),
      distribution(),
      service(),
    ],
    bad: [
      [
        listener({ sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06' }),
        /older than 1\.3 is spoken at sslPolicy/,
      ],
      [listener({ sslPolicy: undefined }), /older than 1\.3/],
      [listener({ certificateArn: undefined }), /no certificate/],
      [listener({ protocol: 'HTTP' }), /plain HTTP is served/],
      [distribution({ 'viewerCertificate.minimumProtocolVersion': 'TLSv1.2_2021' }), /older than 1\.3/],
      [distribution({ viewerCertificate: { cloudfrontDefaultCertificate: true } }), /older than 1\.3/],
      [distribution({ 'defaultCacheBehavior.viewerProtocolPolicy': 'allow-all' }), /plain HTTP/],
      [
        service({
          'metadata.annotations': {
            'service.beta.kubernetes.io/aws-load-balancer-ssl-cert': 'arn:aws:acm:x',
          },
        }),
        /older than 1\.3/,
      ],
    ],
    unknown: [listener({ sslPolicy: UNKNOWN }), distribution({ viewerCertificate: UNKNOWN })],
  },
  'aws-firewall-in-front': {
    good: [
      [balancer(), association()],
      [
        balancer({ arn: undefined }),
        madeOf(association(), 'resourceArn', 'lb/loadBalancer:LoadBalancer', 'edge'),
      ],
      [balancer({ internal: true })],
      [distribution()],
      [distribution({ webAclId: UNKNOWN })],
    ],
    bad: [
      [[balancer()], /no firewall stands in front of the load balancer/],
      [[balancer({ loadBalancerType: 'network' })], /cannot have a firewall/],
      [[distribution({ webAclId: undefined })], /in front of the distribution/],
    ],
    unknown: [[balancer({ internal: UNKNOWN })]],
  },
  'aws-firewall-rules': {
    good: [firewall()],
    bad: [
      [firewall({ rules: [] }), /no managed rule group/],
      [firewall({ 'rules.0.overrideAction': { count: {} } }), /rule common only counts/],
    ],
    unknown: [firewall({ rules: UNKNOWN })],
  },
  'aws-firewall-rate': {
    good: [firewall()],
    bad: [
      [firewall({ 'rules.1': undefined }), /no rule blocks an address/],
      [firewall({ 'rules.1.action': { count: {} } }), /no rule blocks an address/],
    ],
    unknown: [firewall({ rules: UNKNOWN })],
  },
  'aws-flow-logs': {
    good: [[network(), flowLog(), closedGroup()]],
    bad: [
      [[network()], /flows are not recorded[\s\S]*default security group is open/],
      [
        [network(), madeOf(flowLog(), 'vpcId', 'ec2/vpc:Vpc', 'other'), closedGroup()],
        /flows are not recorded/,
      ],
    ],
    unknown: [[network(), anonymous(flowLog(), 'vpcId'), closedGroup()]],
  },
  'aws-no-wildcard': {
    good: [
      policy(),
      allows({ Resource: 'arn:aws:s3:::store/*' }),
      allows({ Action: 'ec2:DescribeInstances', Resource: '*' }),
      policy({ policy: document({ Effect: 'Deny', Action: '*', Resource: '*' }) }),
      role(),
    ],
    bad: [
      [allows({ Action: '*', Resource: 'arn:aws:s3:::x' }), /allows the action \*/],
      [allows({ Action: ['s3:*'], Resource: 'arn:aws:s3:::x' }), /allows the action s3:\*/],
      [allows({ Resource: '*' }), /allows s3:GetObject on every resource/],
      [allows({ NotAction: 'iam:*', Resource: 'arn:aws:s3:::x' }), /all but a NotAction/],
      [
        role({
          inlinePolicies: [{ policy: { Statement: { Effect: 'Allow', Action: 'sqs:*', Resource: 'a' } } }],
        }),
        /allows the action sqs:\* at inlinePolicies\[0\]\.policy/,
      ],
    ],
    unknown: [policy({ policy: UNKNOWN })],
  },
  'aws-no-administrator': {
    good: [attachment(), role(), attachment({ policyArn: UNKNOWN })],
    bad: [
      [
        attachment({ policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
        /AdministratorAccess is attached/,
      ],
      [
        role({ managedPolicyArns: ['arn:aws:iam::aws:policy/PowerUserAccess'] }),
        /PowerUserAccess is attached/,
      ],
      [aws('iam/accessKey:AccessKey', 'ci', { user: 'ci' })(), /lasts until somebody removes it/],
    ],
    unknown: [role({ managedPolicyArns: UNKNOWN })],
  },
  'aws-no-public-principal': {
    good: [
      kmsKey(),
      bucketPolicy(),
      role(),
      bucketPolicy({
        policy: document({
          Effect: 'Allow',
          Principal: '*',
          Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
        }),
      }),
    ],
    bad: [
      [kmsKey({ policy: document({ Effect: 'Allow', Principal: '*' }) }), /everybody is allowed at policy/],
      [trusts({ Principal: { AWS: '*' } }), /everybody is allowed at assumeRolePolicy/],
    ],
    unknown: [kmsKey({ policy: UNKNOWN })],
  },
  'aws-web-identity-scoped': {
    good: [
      role(),
      role({
        assumeRolePolicy: document({
          Effect: 'Allow',
          Principal: { Service: 'eks.amazonaws.com' },
          Action: 'sts:AssumeRole',
        }),
      }),
    ],
    bad: [
      [trusts({}), /whoever the identity provider knows/],
      [trusts({ Condition: { StringEquals: { 'id:aud': 'sts.amazonaws.com' } } }), /whoever/],
      [trusts({ Condition: { StringEquals: { 'id:sub': 'system:serviceaccount:store:*' } } }), /whoever/],
      [trusts({ Condition: { StringLike: { 'id:sub': 'system:serviceaccount:*' } } }), /whoever/],
    ],
    unknown: [role({ assumeRolePolicy: UNKNOWN })],
  },
  'aws-key-rotation': {
    good: [kmsKey(), kmsKey({ customerMasterKeySpec: 'ECC_NIST_P256', enableKeyRotation: undefined })],
    bad: [[kmsKey({ enableKeyRotation: undefined }), /stays the same for ever/]],
    unknown: [kmsKey({ enableKeyRotation: UNKNOWN })],
  },
  'aws-account-watched': {
    good: [watched, [database()]],
    bad: [
      [[network()], /no GuardDuty detector[\s\S]*Inspector does not look[\s\S]*CloudTrail does not record/],
      [[network(), detector({ enable: false }), inspector(), trail()], /the detector is off/],
    ],
    unknown: [[network(), detector({ enable: UNKNOWN }), inspector(), trail()]],
  },
  'aws-trail-whole': {
    good: [trail()],
    bad: [
      [trail({ isMultiRegionTrail: false }), /isMultiRegionTrail is off/],
      [trail({ enableLogging: false }), /nothing is recorded/],
    ],
    unknown: [trail({ enableLogFileValidation: UNKNOWN })],
  },
  'aws-cluster-private': {
    good: [
      cluster(),
      cluster({ 'vpcConfig.endpointPublicAccess': true, 'vpcConfig.publicAccessCidrs': ['192.0.2.0/24'] }),
    ],
    bad: [
      [cluster({ 'vpcConfig.endpointPrivateAccess': undefined }), /nodes reach the API over the internet/],
      [cluster({ 'vpcConfig.endpointPublicAccess': undefined }), /everybody may knock/],
      [
        cluster({ 'vpcConfig.endpointPublicAccess': true, 'vpcConfig.publicAccessCidrs': ['0.0.0.0/0'] }),
        /everybody may knock/,
      ],
    ],
    unknown: [cluster({ vpcConfig: UNKNOWN })],
  },
  'aws-cluster-audit': {
    good: [cluster()],
    bad: [
      [cluster({ enabledClusterLogTypes: ['api'] }), /leaves out audit, authenticator/],
      [cluster({ enabledClusterLogTypes: undefined }), /leaves out api, audit, authenticator/],
    ],
    unknown: [cluster({ enabledClusterLogTypes: UNKNOWN })],
  },
  'aws-registry-scanned': {
    good: [registry()],
    bad: [
      [registry({ imageTagMutability: undefined }), /tags can move/],
      [registry({ imageScanningConfiguration: undefined }), /images are not scanned/],
    ],
    unknown: [registry({ imageTagMutability: UNKNOWN })],
  },
  'aws-node-metadata': {
    good: [template()],
    bad: [
      [template({ metadataOptions: undefined }), /given without a token/],
      [template({ 'metadataOptions.httpPutResponseHopLimit': 2 }), /pods reach the metadata/],
    ],
    unknown: [template({ metadataOptions: UNKNOWN })],
  },
};
