import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits, labelsOf } from '../names';
import { weightPaths } from '../traffic-spec';
import {
  accessLogSpec,
  type KeySource,
  limitsSpec,
  requestAuthenticationSpec,
  tokenRefusalsSpec,
} from './istio-guards';
import { frontDoorRouteSpec, type IstioRouteArgs } from './istio-routes';
import type { GatewayService, TokenRules } from './model';

/** A service's place behind Istio's gateway. */
export class IstioRoute extends Component {
  /** @param args.releaseManaged true when weights belong to the release tool, default false */
  constructor(
    name: string,
    args: IstioRouteArgs & { releaseManaged?: boolean },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('Route', name, options);
    const { app, namespace } = args.service;
    const spec = frontDoorRouteSpec(args);
    new k8s.apiextensions.CustomResource(
      `${name}-route`,
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: assertNameFits(name), namespace, labels: labelsOf({ app, component: 'route' }) },
        spec,
      },
      this.child(args.releaseManaged ? { ignoreChanges: weightPaths(spec) } : {}),
    );
    this.registerOutputs({});
  }
}

export interface Tokens extends TokenRules {
  keys: KeySource;
}

export interface TokenGuardArgs {
  /** Where the pods are that check, and which of them. */
  namespace: string;
  labels: Record<string, string>;
  /** What they let through; what they refuse is read off it. */
  services: GatewayService[];
  tokens: Tokens;
}

const demandsTokens = ({ routes }: GatewayService) =>
  routes.some(({ authentication }) => authentication === 'token');

/** Proxies that refuse tokens which are not valid (401) or not enough (403). Nothing, where no route asks for a token. */
export class TokenGuard extends Component {
  constructor(name: string, args: TokenGuardArgs, options?: pulumi.ComponentResourceOptions) {
    super('TokenGuard', name, options);
    const selector = { matchLabels: args.labels };
    const metadata = {
      name: assertNameFits(name),
      namespace: args.namespace,
      labels: labelsOf({ app: name, component: 'gateway' }),
    };
    if (args.services.some(demandsTokens)) {
      new k8s.apiextensions.CustomResource(
        `${name}-tokens`,
        {
          apiVersion: 'security.istio.io/v1',
          kind: 'RequestAuthentication',
          metadata,
          spec: requestAuthenticationSpec(selector, args.tokens, args.tokens.keys),
        },
        this.child(),
      );
    }
    const spec = tokenRefusalsSpec(selector, args.services);
    if (spec) {
      new k8s.apiextensions.CustomResource(
        `${name}-roles`,
        { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata, spec },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}

/** What Istio's gateway itself refuses, counts and logs. Stands beside its pods: Istio reads it nowhere else. */
export class IstioGuards extends Component {
  constructor(name: string, args: TokenGuardArgs, options?: pulumi.ComponentResourceOptions) {
    super('IstioGuards', name, options);
    const { namespace, labels, services } = args;
    const selector = { matchLabels: labels };
    const metadata = {
      name: assertNameFits(name),
      namespace,
      labels: labelsOf({ app: name, component: 'gateway' }),
    };
    new TokenGuard(name, args, { parent: this });
    new k8s.apiextensions.CustomResource(
      `${name}-limits`,
      {
        apiVersion: 'networking.istio.io/v1alpha3',
        kind: 'EnvoyFilter',
        metadata,
        spec: limitsSpec(selector, services),
      },
      this.child(),
    );
    new k8s.apiextensions.CustomResource(
      `${name}-log`,
      {
        apiVersion: 'telemetry.istio.io/v1',
        kind: 'Telemetry',
        metadata,
        spec: accessLogSpec(selector, services),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
