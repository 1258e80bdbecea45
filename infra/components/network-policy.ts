import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

/** Who may come in, or where one may go. Ports are those of the pods, not of the Service in front of them. */
export type Peer =
  /**
   * `hosts`: the Services by whose names it is reached; default that of the same name. `paths`: all that one coming in may ask for
   * over HTTP, as far as there is a mesh to see it; default everything.
   */
  | {
      to: 'app';
      app: string;
      port: number;
      protocol?: 'UDP';
      hosts?: readonly string[];
      paths?: readonly string[];
    }
  | { to: 'front-door'; door: FrontDoorPods; port: number }
  | { to: 'dns' }
  | { to: 'kubernetes' }
  /** Addresses outside the cluster, such as managed databases. */
  | { to: 'network'; cidrs: string[]; port: number }
  | { to: 'internet' };

/** The pods that let requests in from outside. */
export interface FrontDoorPods {
  namespace: string;
  serviceAccount: string;
  /** Their labels. */
  labels: Record<string, string>;
}

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

const dns: Rule = {
  peers: [{ ...namespaceNamed('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
};

const controlPlaneNamespace = 'istio-system';

/** Where proxies get their certificates and configuration. */
const controlPlane: Rule = {
  peers: [{ ...namespaceNamed(controlPlaneNamespace), podSelector: { matchLabels: { app: 'istiod' } } }],
  ports: [tcp(15012)],
};

function ruleFor(peer: Peer): Rule {
  switch (peer.to) {
    case 'app':
      return {
        peers: [{ podSelector: { matchLabels: { app: peer.app } } }],
        ports: [{ protocol: peer.protocol ?? 'TCP', port: peer.port }],
      };
    case 'front-door':
      return {
        peers: [{ ...namespaceNamed(peer.door.namespace), podSelector: { matchLabels: peer.door.labels } }],
        ports: [tcp(peer.port)],
      };
    case 'dns':
      return dns;
    case 'kubernetes':
      // The API server has no pods to select: it is somewhere on the private network, behind 443 or on its own port.
      return {
        peers: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((cidr) => ({ ipBlock: { cidr } })),
        ports: [tcp(443), tcp(6443)],
      };
    case 'network':
      return { peers: peer.cidrs.map((cidr) => ({ ipBlock: { cidr } })), ports: [tcp(peer.port)] };
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

/** What every pod may do because it has a proxy: find the mesh's control plane and call it, and bring traces to their collector. */
export const proxyPolicySpec = (collectorPort?: number): PolicySpec => ({
  podSelector: {},
  policyTypes: ['Egress'],
  egress: [
    dns,
    controlPlane,
    ...(collectorPort
      ? [{ peers: [namespaceNamed(controlPlaneNamespace)], ports: [tcp(collectorPort)] }]
      : []),
  ].map(({ peers, ports }) => ({ to: peers, ports })),
});

export interface DefaultDenyArgs {
  namespace: string;
  /** Port of the collector of traces beside the control plane. Unset: there is none. */
  collectorPort?: number;
}

/** Denies everything to every pod of the namespace but what its proxy needs; the workloads open what they declare. */
export class DefaultDeny extends Component {
  constructor(name: string, args: DefaultDenyArgs, options?: ComponentResourceOptions) {
    super('DefaultDeny', name, options);
    const policy = (own: string, spec: PolicySpec) =>
      new k8s.networking.v1.NetworkPolicy(
        `${own}-policy`,
        {
          metadata: {
            name: own,
            namespace: args.namespace,
            labels: labelsOf({ app: own, component: 'network-policy' }),
          },
          spec,
        },
        this.child(),
      );
    policy(name, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    policy('mesh-proxies', proxyPolicySpec(args.collectorPort));
    this.registerOutputs({});
  }
}
