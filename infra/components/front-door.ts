import type { IGateway } from '@kubernetes-models/istio/networking.istio.io/v1beta1';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

export type GatewaySpec = NonNullable<IGateway['spec']>;

export interface FrontDoorArgs {
  namespace: string;
  hosts: string[];
  /** TLS Secret in the gateway pods' namespace. Unset: plain HTTP. */
  tlsSecret?: string;
}

/** Ports are those of the gateway's Service. */
export function gatewaySpec(args: Pick<FrontDoorArgs, 'hosts' | 'tlsSecret'>): GatewaySpec {
  const { hosts, tlsSecret } = args;
  const plain = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts };
  const selector = { istio: 'ingressgateway' };
  if (tlsSecret === undefined) return { selector, servers: [plain] };
  return {
    selector,
    servers: [
      { ...plain, tls: { httpsRedirect: true } },
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts,
        tls: { mode: 'SIMPLE', credentialName: tlsSecret, minProtocolVersion: 'TLSV1_3' },
      },
    ],
  };
}

/** What Istio's ingress gateway listens for. */
export class FrontDoor extends Component {
  readonly gatewayName: string;

  constructor(name: string, args: FrontDoorArgs, options?: ComponentResourceOptions) {
    super('FrontDoor', name, options);
    this.gatewayName = assertNameFits(name);
    new k8s.apiextensions.CustomResource(
      `${name}-gateway`,
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name, namespace: args.namespace, labels: labelsOf({ app: name, component: 'gateway' }) },
        spec: gatewaySpec(args),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
