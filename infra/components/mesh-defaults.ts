import type { IPeerAuthentication } from '@kubernetes-models/istio/security.istio.io/v1beta1';
import type { ITelemetry } from '@kubernetes-models/istio/telemetry.istio.io/v1alpha1';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { AuthorizationPolicySpec } from './access-spec';
import { Component } from './component';
import { labelsOf } from './names';

type PeerAuthenticationSpec = NonNullable<IPeerAuthentication['spec']>;
type TelemetrySpec = NonNullable<ITelemetry['spec']>;

export interface MeshDefaultsArgs {
  namespace: string;
  /** An extension provider of the mesh that takes traces. Unset: proxies trace nothing. */
  tracingProvider?: string;
}

export const strictSpec: PeerAuthenticationSpec = { mtls: { mode: 'STRICT' } };

/** A policy that allows, and names nobody: what no other policy allows is denied. */
export const allowNothingSpec: AuthorizationPolicySpec = {};

/**
 * Proxies log answers of 5xx and trace one request in a hundred. Never Istio's own metrics (the prometheus provider): its filter is
 * not in every Envoy, and one that lacks it refuses its whole configuration.
 */
export const telemetrySpec = ({
  tracingProvider,
}: Pick<MeshDefaultsArgs, 'tracingProvider'>): TelemetrySpec => ({
  accessLogging: [{ providers: [{ name: 'envoy' }], filter: { expression: 'response.code >= 500' } }],
  tracing: [
    tracingProvider === undefined
      ? { disableSpanReporting: true }
      : { providers: [{ name: tracingProvider }], randomSamplingPercentage: 1 },
  ],
});

/** What holds for every workload of the namespace: identities on both ends, nobody let in unless declared, what proxies tell. */
export class MeshDefaults extends Component {
  constructor(name: string, args: MeshDefaultsArgs, options?: ComponentResourceOptions) {
    super('MeshDefaults', name, options);
    const declare = (own: string, apiVersion: string, kind: string, spec: object) =>
      new k8s.apiextensions.CustomResource(
        `${name}-${own}`,
        {
          apiVersion,
          kind,
          metadata: {
            name: own,
            namespace: args.namespace,
            labels: labelsOf({ app: name, component: 'mesh' }),
          },
          spec,
        },
        this.child(),
      );
    // Istio takes the defaults of a namespace from objects without a selector.
    declare('default', 'security.istio.io/v1', 'PeerAuthentication', strictSpec);
    declare('allow-nothing', 'security.istio.io/v1', 'AuthorizationPolicy', allowNothingSpec);
    declare('telemetry', 'telemetry.istio.io/v1', 'Telemetry', telemetrySpec(args));
    this.registerOutputs({});
  }
}
