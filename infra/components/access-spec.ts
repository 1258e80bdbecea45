// Who may talk to whom, for the mesh: by identity at the receiving end, by scope at the calling one.
import type { ISidecar } from '@kubernetes-models/istio/networking.istio.io/v1beta1';
import type { IAuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1';
import type { NetworkPolicyArgs, Peer } from './network-policy';

export type AuthorizationPolicySpec = NonNullable<IAuthorizationPolicy['spec']>;
export type SidecarSpec = NonNullable<ISidecar['spec']>;

/** Of certificates in the mesh. Istio's default; one mesh with another needs another. */
const trustDomain = 'cluster.local';

export const identity = (namespace: string, serviceAccount: string) =>
  `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;

/** Proxies carry TCP only; anything else stays between the pods and their network policies. */
const isCarried = (peer: Peer) => !(peer.to === 'app' && peer.protocol === 'UDP');

function principalOf(peer: Peer, namespace: string): string {
  if (peer.to === 'app') return identity(namespace, peer.app);
  if (peer.to === 'front-door') return identity(peer.door.namespace, peer.door.serviceAccount);
  throw new TypeError(`${peer.to} has no identity: it cannot be let in`);
}

const operationOf = (peer: Peer) => ({
  ports: [String((peer as { port: number }).port)],
  ...(peer.to === 'app' && peer.paths && { paths: [...peer.paths], methods: ['GET'] }),
});

/**
 * Lets in those declared, each on the pod's port it was declared for. By port, so that it holds for TCP as for HTTP; by path too where
 * one may ask for little only.
 */
export const authorizationPolicySpec = (
  args: Pick<NetworkPolicyArgs, 'namespace' | 'app' | 'ingress'>,
): AuthorizationPolicySpec => ({
  selector: { matchLabels: { app: args.app } },
  action: 'ALLOW',
  // Without a rule nobody is let in.
  rules: args.ingress.filter(isCarried).map((peer) => ({
    from: [{ source: { principals: [principalOf(peer, args.namespace)] } }],
    to: [{ operation: operationOf(peer) }],
  })),
});

/** What the proxy of a workload knows: those it calls. It sends nothing anywhere else, unless the workload may call what is outside the mesh. */
export const sidecarSpec = (args: Pick<NetworkPolicyArgs, 'namespace' | 'app' | 'egress'>): SidecarSpec => {
  const called = args.egress.flatMap((peer) => (peer.to === 'app' ? (peer.hosts ?? [peer.app]) : []));
  const outside = args.egress.some(({ to }) => ['internet', 'kubernetes', 'network'].includes(to));
  return {
    workloadSelector: { labels: { app: args.app } },
    egress: [
      {
        hosts: [
          'istio-system/*',
          ...[...new Set(called)].map((host) => `./${host}.${args.namespace}.svc.cluster.local`),
        ],
      },
    ],
    outboundTrafficPolicy: { mode: outside ? 'ALLOW_ANY' : 'REGISTRY_ONLY' },
  };
};
