import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as ec2 from '@pulumi/aws/ec2';
import * as eks from '@pulumi/aws/eks';
import * as iam from '@pulumi/aws/iam';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange, assertNameFits } from '../names';
import { type Account, type Statement, trustOfService } from './policy';
import { Role, trustOfServiceAccount } from './role';

export interface ClusterArgs {
  account: Account;
  /** Kubernetes' version, such as `1.34`. */
  version: string;
  /** Add-on → exact version. */
  addons: Record<string, string>;
  /** Private subnets, one per zone. */
  subnets: Input<string>[];
  securityGroupIds: { controlPlane: Input<string>; nodes: Input<string> };
  keyArns: { secrets: Input<string>; volumes: Input<string>; logs: Input<string> };
  nodes: NodeArgs;
  /** Roles that may do everything in the cluster. Nobody else gets in, not even who made it. */
  administrators: string[];
  logDays: number;
}

export interface NodeArgs {
  /** First choice first; all of one processor architecture. */
  instanceTypes: string[];
  /** Nodes per zone. */
  min: number;
  max: number;
  /** Size of a node's disk, gibibytes. */
  diskGibibytes: number;
}

const volumeDriver = 'aws-ebs-csi-driver';

/** AWS's own policy for the driver knows no key of a customer. */
const encryptedVolumes = (keyArn: Input<string>): Statement[] => [
  {
    sid: 'EncryptVolumes',
    actions: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
    resources: [keyArn],
  },
  {
    sid: 'LendKeyToVolumes',
    actions: ['kms:CreateGrant'],
    resources: [keyArn],
    conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
  },
];

/** Add-ons that speak to AWS, each with an identity of its own. */
const addonIdentities: Record<string, { serviceAccount: string; policy: string }> = {
  'vpc-cni': { serviceAccount: 'aws-node', policy: 'AmazonEKS_CNI_Policy' },
  [volumeDriver]: {
    serviceAccount: 'ebs-csi-controller-sa',
    policy: 'service-role/AmazonEBSCSIDriverPolicy',
  },
};

/** Without the agent the network policies of every workload would be words. */
const addonSettings: Record<string, object> = {
  'vpc-cni': { enableNetworkPolicy: 'true' },
};

export const launchTemplateSpec = (args: Pick<ClusterArgs, 'keyArns' | 'securityGroupIds' | 'nodes'>) => ({
  updateDefaultVersion: true,
  vpcSecurityGroupIds: [args.securityGroupIds.nodes],
  // Version 2 wants a token, and one hop keeps pods away: they have identities of their own.
  metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
  monitoring: { enabled: true },
  blockDeviceMappings: [
    {
      deviceName: '/dev/xvda',
      ebs: {
        volumeType: 'gp3',
        volumeSize: args.nodes.diskGibibytes,
        encrypted: 'true',
        kmsKeyId: args.keyArns.volumes,
        deleteOnTermination: 'true',
      },
    },
  ],
});

/** EKS with a private API, and managed nodes in every zone. */
export class Cluster extends Component {
  readonly clusterName: string;
  /** The cluster's identity provider: what the trust of a service account's role names. */
  readonly identity: { providerArn: Output<string>; issuer: Output<string> };
  /** Auto-scaling group of the nodes. */
  readonly nodeGroup: Output<string>;

  constructor(name: string, args: ClusterArgs, options?: ComponentResourceOptions) {
    super('aws:Cluster', name, options);
    this.clusterName = assertNameFits(args.account.prefix, 100);
    const cluster = this.controlPlane(name, args);
    const issuer = cluster.identities.apply((all) => all[0]?.oidcs?.[0]?.issuer ?? '');
    const provider = new iam.OpenIdConnectProvider(
      `${name}-identity`,
      { url: issuer, clientIdLists: ['sts.amazonaws.com'] },
      this.child(),
    );
    this.identity = {
      providerArn: provider.arn,
      issuer: issuer.apply((url) => url.replace(/^https:\/\//, '')),
    };
    for (const principalArn of args.administrators) this.administrator(name, cluster, principalArn);
    const network = this.addon(name, cluster, args, 'vpc-cni', []);
    const nodes = this.nodes(name, cluster, args, network);
    this.nodeGroup = nodes.resources.apply((all) => all[0]?.autoscalingGroups?.[0]?.name ?? '');
    for (const addon of Object.keys(args.addons).filter((each) => each !== 'vpc-cni')) {
      this.addon(name, cluster, args, addon, [nodes]);
    }
    this.registerOutputs({});
  }

  private controlPlane(name: string, args: ClusterArgs): eks.Cluster {
    const { account } = args;
    const logs = new cloudwatch.LogGroup(
      `${name}-logs`,
      // The name is EKS's; made here, so that it is encrypted and ends.
      {
        name: `/aws/eks/${this.clusterName}/cluster`,
        kmsKeyId: args.keyArns.logs,
        retentionInDays: args.logDays,
      },
      this.child(),
    );
    const role = new Role(
      `${name}-control-plane`,
      {
        roleName: `${account.prefix}-control-plane`,
        description: 'What EKS may do for the control plane',
        trust: trustOfService(account, 'eks.amazonaws.com'),
        statements: [],
        managed: ['AmazonEKSClusterPolicy'],
      },
      this.child(),
    );
    return new eks.Cluster(
      name,
      {
        name: this.clusterName,
        version: args.version,
        roleArn: role.arn,
        vpcConfig: {
          subnetIds: args.subnets,
          securityGroupIds: [args.securityGroupIds.controlPlane],
          endpointPrivateAccess: true,
          endpointPublicAccess: false,
        },
        encryptionConfig: { provider: { keyArn: args.keyArns.secrets }, resources: ['secrets'] },
        enabledClusterLogTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
        accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
        // Add-ons are ours and pinned; EKS's own unpinned ones would be there before them.
        bootstrapSelfManagedAddons: false,
        deletionProtection: true,
        upgradePolicy: { supportType: 'STANDARD' },
        zonalShiftConfig: { enabled: true },
      },
      this.child({ dependsOn: [logs, role], protect: true }),
    );
  }

  private administrator(name: string, cluster: eks.Cluster, principalArn: string): void {
    const who = principalArn.split('/').at(-1);
    const entry = new eks.AccessEntry(
      `${name}-administrator-${who}`,
      { clusterName: cluster.name, principalArn, type: 'STANDARD' },
      this.child(),
    );
    new eks.AccessPolicyAssociation(
      `${name}-administrator-${who}`,
      {
        clusterName: cluster.name,
        principalArn,
        policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
        accessScope: { type: 'cluster' },
      },
      this.child({ dependsOn: entry }),
    );
  }

  private nodes(name: string, cluster: eks.Cluster, args: ClusterArgs, network: eks.Addon): eks.NodeGroup {
    const { account, nodes } = args;
    assertInRange('aws.cluster.nodes.min', nodes.min, { min: 1, max: nodes.max });
    const role = new Role(
      `${name}-node`,
      {
        roleName: `${account.prefix}-node`,
        description: 'What a node may do: join the cluster and pull images',
        trust: { ...trustOfService(account, 'ec2.amazonaws.com'), conditions: undefined },
        statements: [],
        managed: ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly'],
      },
      this.child(),
    );
    const template = new ec2.LaunchTemplate(`${name}-node`, launchTemplateSpec(args), this.child());
    const zones = args.subnets.length;
    return new eks.NodeGroup(
      `${name}-nodes`,
      {
        clusterName: cluster.name,
        nodeGroupName: account.prefix,
        nodeRoleArn: role.arn,
        // AWS keeps the nodes evenly over the zones, so that a volume finds a node in its own.
        subnetIds: args.subnets,
        instanceTypes: nodes.instanceTypes,
        amiType: 'BOTTLEROCKET_x86_64',
        version: args.version,
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        scalingConfig: {
          minSize: nodes.min * zones,
          maxSize: nodes.max * zones,
          desiredSize: nodes.min * zones,
        },
        updateConfig: { maxUnavailable: 1 },
        nodeRepairConfig: { enabled: true },
      },
      // The number of nodes belongs to their autoscaler.
      this.child({ dependsOn: [role, network], ignoreChanges: ['scalingConfig.desiredSize'] }),
    );
  }

  private addon(
    name: string,
    cluster: eks.Cluster,
    args: ClusterArgs,
    addonName: string,
    after: eks.NodeGroup[],
  ): eks.Addon {
    const identity = addonIdentities[addonName];
    const settings = addonSettings[addonName];
    const role =
      identity &&
      new Role(
        `${name}-${addonName}`,
        {
          roleName: `${args.account.prefix}-${addonName}`,
          description: `What ${addonName} may do`,
          trust: trustOfServiceAccount({
            ...this.identity,
            namespace: 'kube-system',
            serviceAccount: identity.serviceAccount,
          }),
          statements: addonName === volumeDriver ? encryptedVolumes(args.keyArns.volumes) : [],
          managed: [identity.policy],
        },
        this.child(),
      );
    return new eks.Addon(
      `${name}-${addonName}`,
      {
        clusterName: cluster.name,
        addonName,
        addonVersion: args.addons[addonName],
        ...(role && { serviceAccountRoleArn: role.arn }),
        ...(settings && { configurationValues: JSON.stringify(settings) }),
        resolveConflictsOnCreate: 'OVERWRITE',
        resolveConflictsOnUpdate: 'PRESERVE',
      },
      this.child({ dependsOn: [...after, ...(role ? [role] : [])] }),
    );
  }
}
