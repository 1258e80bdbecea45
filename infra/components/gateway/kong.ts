import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../component';
import type { StoreReference } from '../external-secret-spec';
import { assertNameFits, labelsOf } from '../names';
import { tokenHolders } from './kong-plugins';
import {
  credentialLabel,
  type DoorArgs,
  gatewayClass,
  httpRouteAnnotations,
  httpRouteSpec,
  jwtCredential,
  kongGatewaySpec,
  pluginsOf,
  remoteCredentialSpec,
  routesOf,
  upstreamPolicySpec,
} from './kong-spec';
import { type GatewayService, routeSlug, type VerifyingKey } from './model';

const gatewayApi = 'gateway.networking.k8s.io/v1';
const kongApi = 'configuration.konghq.com/v1';
/** Kong's controller only reads what is marked as its own. */
const ours = { 'kubernetes.io/ingress.class': 'kong' };

export interface KongDoorArgs extends DoorArgs {
  namespace: string;
  services: GatewayService[];
}

/** What Kong listens for, and the plugins that routes name. */
export class KongDoor extends Component {
  readonly gatewayName: string;

  constructor(name: string, args: KongDoorArgs, options?: pulumi.ComponentResourceOptions) {
    super('KongDoor', name, options);
    this.gatewayName = assertNameFits(name);
    const labels = labelsOf({ app: name, component: 'gateway' });
    const { namespace } = args;
    const kind = new k8s.apiextensions.CustomResource(
      `${name}-class`,
      {
        apiVersion: gatewayApi,
        kind: 'GatewayClass',
        metadata: { ...gatewayClass.metadata, labels },
        spec: gatewayClass.spec,
      },
      this.child(),
    );
    new k8s.apiextensions.CustomResource(
      `${name}-gateway`,
      {
        apiVersion: gatewayApi,
        kind: 'Gateway',
        metadata: { name, namespace, labels },
        spec: kongGatewaySpec(args),
      },
      this.child({ dependsOn: kind }),
    );
    for (const { name: pluginName, plugin } of pluginsOf(args.services)) {
      new k8s.apiextensions.CustomResource(
        `${pluginName}-plugin`,
        {
          apiVersion: kongApi,
          kind: 'KongPlugin',
          metadata: { name: assertNameFits(pluginName, 253), namespace, labels, annotations: ours },
          plugin: plugin.plugin,
          config: plugin.config,
        },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}

export interface KongRoutesArgs extends DoorArgs {
  service: GatewayService;
  /** The Gateway, in the service's namespace. */
  gateway: string;
}

/** A service's place behind Kong: a route of its own for each of the model's, and the breaker towards it. */
export class KongRoutes extends Component {
  constructor(name: string, args: KongRoutesArgs, options?: pulumi.ComponentResourceOptions) {
    super('KongRoutes', name, options);
    const { service } = args;
    const { app, namespace } = service;
    const labels = labelsOf({ app, component: 'route' });
    new k8s.apiextensions.CustomResource(
      `${name}-upstream`,
      {
        apiVersion: 'configuration.konghq.com/v1beta1',
        kind: 'KongUpstreamPolicy',
        metadata: { name: assertNameFits(name), namespace, labels },
        spec: upstreamPolicySpec(service),
      },
      this.child(),
    );
    for (const route of routesOf(service)) {
      const slug = routeSlug(app, route);
      new k8s.apiextensions.CustomResource(
        `${slug}-route`,
        {
          apiVersion: gatewayApi,
          kind: 'HTTPRoute',
          metadata: {
            name: assertNameFits(slug, 253),
            namespace,
            labels,
            annotations: httpRouteAnnotations(app, route, args),
          },
          spec: httpRouteSpec(service, route, args),
        },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}

/** A signing key that a secrets manager keeps: the entry's `keys.json`, and which of the keys in it. */
export interface RemoteKey {
  store: StoreReference;
  remoteKey: string;
  index: number;
}

export interface KongTokenHolderArgs {
  namespace: string;
  key: { atHand: pulumi.Input<VerifyingKey> } | RemoteKey;
}

/** Whoever has a token signed by one key: Kong knows keys, not customers. One per key that still verifies. */
export class KongTokenHolder extends Component {
  constructor(name: string, args: KongTokenHolderArgs, options?: pulumi.ComponentResourceOptions) {
    super('KongTokenHolder', name, options);
    const { namespace } = args;
    const labels = labelsOf({ app: name, component: 'gateway' });
    const metadata = (own: string, more: Record<string, string> = {}) => ({
      name: assertNameFits(own),
      namespace,
      labels: { ...labels, ...more },
    });
    const secret = (kind: string, stringData: pulumi.Input<Record<string, pulumi.Input<string>>>) =>
      new k8s.core.v1.Secret(
        `${name}-${kind}`,
        { metadata: metadata(`${name}-${kind}`, credentialLabel(kind)), type: 'Opaque', stringData },
        this.child(),
      );
    const credentials = [
      'atHand' in args.key
        ? secret('jwt', pulumi.output(args.key.atHand).apply(jwtCredential))
        : new k8s.apiextensions.CustomResource(
            `${name}-jwt`,
            {
              apiVersion: 'external-secrets.io/v1',
              kind: 'ExternalSecret',
              metadata: metadata(`${name}-jwt`),
              spec: remoteCredentialSpec(`${name}-jwt`, args.key),
            },
            this.child(),
          ),
      secret('acl', { group: tokenHolders }),
    ];
    new k8s.apiextensions.CustomResource(
      `${name}-consumer`,
      {
        apiVersion: kongApi,
        kind: 'KongConsumer',
        metadata: { ...metadata(name), annotations: ours },
        username: name,
        credentials: ['jwt', 'acl'].map((kind) => `${name}-${kind}`),
      },
      this.child({ dependsOn: credentials }),
    );
    this.registerOutputs({});
  }
}
