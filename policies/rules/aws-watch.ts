// What watches over an account: recorded calls, detected threats, scanned images, a cluster that keeps its audit log.
import { isAws, isEverywhere } from '../aws';
import type { Resource, ResourceRule, StackRule } from '../rule';

const isCluster = (resource: Resource) => isAws(resource, 'eks/cluster:Cluster');
const isTrail = (resource: Resource) => isAws(resource, 'cloudtrail/trail:Trail');
const isDetector = (resource: Resource) => isAws(resource, 'guardduty/detector:Detector');

/** What must exist once in a stack that has a network of its own, and what its absence means. */
const watchers = [
  { type: 'guardduty/detector:Detector', missing: 'no GuardDuty detector looks for threats' },
  { type: 'inspector2/enabler:Enabler', missing: 'Inspector does not look for known weaknesses' },
  { type: 'cloudtrail/trail:Trail', missing: 'CloudTrail does not record who did what' },
];

const accountWatched: StackRule = {
  scope: 'stack',
  name: 'aws-account-watched',
  item: 'infrastructure/security-scans',
  severity: 'high',
  level: 'mandatory',
  description: 'A stack that has a network also has GuardDuty, Inspector and CloudTrail.',
  fix: 'add guardduty.Detector, inspector2.Enabler and cloudtrail.Trail; where the organisation runs them for every account, disable this rule in the settings',
  validate(stack, report) {
    const [vpc] = stack.filter((one) => isAws(one, 'ec2/vpc:Vpc'));
    if (!vpc) return;
    const one = report.on(vpc);
    for (const { type, missing } of watchers) {
      if (!stack.some((resource) => isAws(resource, type))) one.violation('cidrBlock', missing);
    }
    for (const detector of stack.filter(isDetector)) {
      const own = report.on(detector);
      own.guard(() => {
        const at = detector.props.at('enable');
        if (at.value === false) own.violation(at, 'the detector is off');
      });
    }
  },
};

const trailWhole: ResourceRule = {
  scope: 'resource',
  name: 'aws-trail-whole',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'The record of calls covers every region, cannot be changed unnoticed, and is switched on.',
  fix: 'set isMultiRegionTrail: true and enableLogFileValidation: true, and leave enableLogging on',
  matches: isTrail,
  validate(resource, report) {
    for (const key of ['isMultiRegionTrail', 'enableLogFileValidation']) {
      report.guard(() => {
        const at = resource.props.at(key);
        if (at.value !== true) report.violation(at, `${key} is off`);
      });
    }
    report.guard(() => {
      const at = resource.props.at('enableLogging');
      if (at.value === false) report.violation(at, 'nothing is recorded');
    });
  },
};

const clusterPrivate: ResourceRule = {
  scope: 'resource',
  name: 'aws-cluster-private',
  item: 'infrastructure/security-groups',
  severity: 'high',
  level: 'mandatory',
  description: "The cluster's API is reached from inside the network, or from named addresses.",
  fix: 'set vpcConfig.endpointPrivateAccess: true and endpointPublicAccess: false, or name publicAccessCidrs',
  matches: isCluster,
  validate(resource, report) {
    const network = resource.props.at('vpcConfig');
    report.guard(() => {
      const at = network.at('endpointPrivateAccess');
      if (at.value !== true) report.violation(at, 'nodes reach the API over the internet');
    });
    report.guard(() => {
      const open = network.at('endpointPublicAccess');
      const from = network.at('publicAccessCidrs');
      if (open.value === false) return;
      if (from.items.length === 0 || from.items.some(isEverywhere))
        report.violation(open, 'everybody may knock at the API of the cluster');
    });
  },
};

const kept = ['api', 'audit', 'authenticator'];

const clusterAudit: ResourceRule = {
  scope: 'resource',
  name: 'aws-cluster-audit',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'The cluster records who asked its API for what.',
  fix: `set enabledClusterLogTypes to ${kept.join(', ')} (and controllerManager, scheduler)`,
  matches: isCluster,
  validate(resource, report) {
    const at = resource.props.at('enabledClusterLogTypes');
    const types = at.items.map(({ text }) => text);
    const missing = kept.filter((type) => !types.includes(type));
    if (missing.length > 0) report.violation(at, `the log leaves out ${missing.join(', ')}`);
  },
};

const registryScanned: ResourceRule = {
  scope: 'resource',
  name: 'aws-registry-scanned',
  item: 'infrastructure/security-scans',
  severity: 'medium',
  level: 'mandatory',
  description: 'Images are scanned when they are pushed, and a tag once pushed never moves.',
  fix: "set imageScanningConfiguration.scanOnPush: true and imageTagMutability: 'IMMUTABLE'",
  matches: (resource) => isAws(resource, 'ecr/repository:Repository'),
  validate(resource, report) {
    report.guard(() => {
      const at = resource.props.at('imageScanningConfiguration', 'scanOnPush');
      if (at.value !== true) report.violation(at, 'images are not scanned');
    });
    report.guard(() => {
      const at = resource.props.at('imageTagMutability');
      if (at.text !== 'IMMUTABLE') report.violation(at, 'tags can move');
    });
  },
};

const nodeMetadata: ResourceRule = {
  scope: 'resource',
  name: 'aws-node-metadata',
  item: 'infrastructure/workload-hardening',
  severity: 'high',
  level: 'mandatory',
  description:
    'Pods cannot take the rights of their node from its metadata: a token is asked for, one hop away at most.',
  fix: "set metadataOptions.httpTokens: 'required' and httpPutResponseHopLimit: 1",
  matches: (resource) => isAws(resource, 'ec2/launchTemplate:LaunchTemplate', 'ec2/instance:Instance'),
  validate(resource, report) {
    const options = resource.props.at('metadataOptions');
    report.guard(() => {
      const at = options.at('httpTokens');
      if (at.text !== 'required') report.violation(at, 'metadata is given without a token');
    });
    report.guard(() => {
      const at = options.at('httpPutResponseHopLimit');
      if ((at.number ?? 1) > 1) report.violation(at, 'pods reach the metadata of their node');
    });
  },
};

export const awsWatchRules = [
  accountWatched,
  trailWhole,
  clusterPrivate,
  clusterAudit,
  registryScanned,
  nodeMetadata,
];
