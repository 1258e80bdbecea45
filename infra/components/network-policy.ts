import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

/** Who may come in, or where one may go. Ports are those of the pods, not of the Service in front of them. */
export type Peer =
  | { to: 'app'; app: string; port: number; protocol?: 'UDP' }
  | { to: 'gateway'; port: number }
  | { to: 'dns' }
  | { to: 'kubernetes' }
  | { to: 'internet' };

export interface NetworkPolicyArgs {
  namespace: string;
  /** Pods it is about, by label `app`. */
  app: string;
  /** What may open connections to them, each on the port given. */
  ingress: Peer[];
  /** What they may open connections to. */
  egress: Peer[];
}

type PolicySpec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Rule = { peers: k8s.types.input.networking.v1.NetworkPolicyPeer[]; ports: Port[] };
type Port = k8s.types.input.networking.v1.NetworkPolicyPort;

const tcp = (port: number): Port => ({ protocol: 'TCP', port });
const namespaceNamed = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});

/** Ranges that are never the outside: private networks, link-local (cloud metadata!), loopback. */
const inside = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
];

function ruleFor(peer: Peer): Rule {
  switch (peer.to) {
    case 'app':
      return {
        peers: [{ podSelector: { matchLabels: { app: peer.app } } }],
        ports: [{ protocol: peer.protocol ?? 'TCP', port: peer.port }],
      };
    case 'gateway':
      return {
        peers: [
          { ...namespaceNamed('istio-ingress'), podSelector: { matchLabels: { istio: 'ingressgateway' } } },
        ],
        ports: [tcp(peer.port)],
      };
    case 'dns':
      return {
        peers: [
          { ...namespaceNamed('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
        ],
        ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
      };
    case 'kubernetes':
      // The API server has no pods to select: it is somewhere on the private network, behind 443 or on its own port.
      return {
        peers: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((cidr) => ({ ipBlock: { cidr } })),
        ports: [tcp(443), tcp(6443)],
      };
    case 'internet':
      return { peers: [{ ipBlock: { cidr: '0.0.0.0/0', except: inside } }], ports: [tcp(443)] };
  }
}

export const networkPolicySpec = (
  args: Pick<NetworkPolicyArgs, 'app' | 'ingress' | 'egress'>,
): PolicySpec => ({
  podSelector: { matchLabels: { app: args.app } },
  policyTypes: ['Ingress', 'Egress'],
  ingress: args.ingress.map(ruleFor).map(({ peers, ports }) => ({ from: peers, ports })),
  egress: args.egress.map(ruleFor).map(({ peers, ports }) => ({ to: peers, ports })),
});

/** Opens, for one kind of pod, what the namespace's default denies. */
export class NetworkPolicy extends Component {
  constructor(name: string, args: NetworkPolicyArgs, options?: ComponentResourceOptions) {
    super('NetworkPolicy', name, options);
    new k8s.networking.v1.NetworkPolicy(
      `${name}-policy`,
      {
        metadata: {
          name: assertNameFits(name),
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'network-policy' }),
        },
        spec: networkPolicySpec(args),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}

/** Denies everything to every pod of the namespace; the policies of the workloads open what they declare. */
export class DefaultDeny extends Component {
  constructor(name: string, args: { namespace: string }, options?: ComponentResourceOptions) {
    super('DefaultDeny', name, options);
    new k8s.networking.v1.NetworkPolicy(
      `${name}-policy`,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: labelsOf({ app: name, component: 'network-policy' }),
        },
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
