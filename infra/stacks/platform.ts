import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from '../components/component';
import { DefaultDeny } from '../components/network-policy';
import type { PlatformConfig } from '../config';
import type { Context } from './context';

/** The version whose meaning of `restricted` holds, so that a cluster upgrade does not change the rules unasked. */
const podSecurityVersion = 'v1.34';

export const namespaceLabels = (context: {
  namespace: string;
  config: Pick<PlatformConfig, 'environment'>;
}): Record<string, string> => ({
  name: context.namespace,
  environment: context.config.environment,
  'app.kubernetes.io/part-of': context.namespace,
  'app.kubernetes.io/managed-by': 'pulumi',
  // Every pod gets a proxy of the mesh. Redirection into it is the node's work (Istio's network plugin): `restricted` allows no pod that.
  'istio-injection': 'enabled',
  ...Object.fromEntries(
    ['enforce', 'audit', 'warn'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, 'restricted'],
      [`pod-security.kubernetes.io/${mode}-version`, podSecurityVersion],
    ]),
  ),
});

/** First layer: the namespace, what it lets in, and that nobody talks to anybody unless declared. */
export class PlatformLayer extends Component {
  constructor(name: string, context: Context, options?: ComponentResourceOptions) {
    super('PlatformLayer', name, options);
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: context.namespace, labels: namespaceLabels(context) } },
      this.child(),
    );
    new DefaultDeny(
      'default-deny',
      { namespace: context.namespace, collectorPort: context.config.tracingCollector?.port },
      this.child({ dependsOn: namespace }),
    );
    this.registerOutputs({});
  }
}
