import * as ec2 from '@pulumi/aws/ec2';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import type { Account } from './policy';

export interface EndpointsArgs {
  account: Account;
  vpcId: Input<string>;
  /** Where the endpoints' addresses are, one subnet per zone. */
  subnetIds: Input<string>[];
  securityGroupId: Input<string>;
  /** AWS services reached without leaving the network, such as `sts`. */
  services: readonly string[];
}

/** Private ways to AWS's own services. */
export class Endpoints extends Component {
  constructor(name: string, args: EndpointsArgs, options?: ComponentResourceOptions) {
    super('aws:Endpoints', name, options);
    for (const service of args.services) {
      new ec2.VpcEndpoint(
        `${name}-${service}`,
        {
          vpcId: args.vpcId,
          vpcEndpointType: 'Interface',
          serviceName: `com.amazonaws.${args.account.region}.${service}`,
          subnetIds: args.subnetIds,
          securityGroupIds: [args.securityGroupId],
          privateDnsEnabled: true,
        },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}

export interface S3EndpointArgs {
  account: Account;
  vpcId: Input<string>;
  routeTableIds: Input<string>[];
}

/** The way to S3, which is a route and costs nothing. Image layers come through it. */
export class S3Endpoint extends Component {
  readonly prefixListId: Output<string>;

  constructor(name: string, args: S3EndpointArgs, options?: ComponentResourceOptions) {
    super('aws:S3Endpoint', name, options);
    const endpoint = new ec2.VpcEndpoint(
      name,
      {
        vpcId: args.vpcId,
        vpcEndpointType: 'Gateway',
        serviceName: `com.amazonaws.${args.account.region}.s3`,
        routeTableIds: args.routeTableIds,
      },
      this.child(),
    );
    this.prefixListId = endpoint.prefixListId;
    this.registerOutputs({});
  }
}
