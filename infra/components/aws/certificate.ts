import * as acm from '@pulumi/aws/acm';
import * as route53 from '@pulumi/aws/route53';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { Component } from '../component';

export interface CertificateArgs {
  /** Names it is for; the first one is its own. */
  hosts: string[];
  /** Public zone of Route 53 that holds them all. */
  zoneId: string;
  /** CloudFront's certificates are in us-east-1. */
  region?: string;
}

/** A public certificate, proven by DNS and renewed by itself as long as the records stand. */
export class Certificate extends Component {
  /** Known once it has been issued. */
  readonly arn: Output<string>;

  constructor(name: string, args: CertificateArgs, options?: ComponentResourceOptions) {
    super('aws:Certificate', name, options);
    const [domainName, ...others] = args.hosts;
    if (domainName === undefined) throw new RangeError(`certificate ${name}: name a host`);
    const place = args.region === undefined ? {} : { region: args.region };
    const certificate = new acm.Certificate(
      name,
      {
        domainName,
        subjectAlternativeNames: others,
        validationMethod: 'DNS',
        keyAlgorithm: 'EC_prime256v1',
        ...place,
      },
      this.child(),
    );
    const records = args.hosts.map((host, index) => {
      const option = certificate.domainValidationOptions.apply((all) => all[index]);
      return new route53.Record(
        `${name}-${host}`,
        {
          zoneId: args.zoneId,
          name: option.apply((one) => one?.resourceRecordName ?? ''),
          type: option.apply((one) => one?.resourceRecordType ?? 'CNAME'),
          records: [option.apply((one) => one?.resourceRecordValue ?? '')],
          ttl: 300,
        },
        this.child(),
      );
    });
    const issued = new acm.CertificateValidation(
      `${name}-issued`,
      { certificateArn: certificate.arn, validationRecordFqdns: records.map(({ fqdn }) => fqdn), ...place },
      this.child(),
    );
    this.arn = issued.certificateArn;
    this.registerOutputs({});
  }
}
