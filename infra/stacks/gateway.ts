import type * as pulumi from '@pulumi/pulumi';
import { Component } from '../components/component';
import { FrontDoor } from '../components/front-door';
import { IstioGuards, IstioRoute, TokenGuard, type Tokens } from '../components/gateway/istio';
import { KongDoor, KongRoutes, KongTokenHolder, type KongTokenHolderArgs } from '../components/gateway/kong';
import { type GatewayService, keySet, type VerifyingKey } from '../components/gateway/model';
import { generationsInUse } from '../components/signing-keys';
import { serviceHost } from '../components/traffic-spec';
import { appName, type Context, frontDoorOf, secretNames } from './context';
import { gatewayServiceOf, tokenRules } from './gateway-model';
import { generationOf, remoteKeyOf } from './secrets';

const doorName = 'front-door';
/** Where the issuer publishes its keys. */
const keysPath = '/.well-known/jwks.json';

export interface Ground {
  /** Unset where the signing keys are not made by this program. */
  verifyingKeys?: pulumi.Output<VerifyingKey[]>;
}

/** Last layer: the front door, and the way from it to each service. The pods of the gateway itself are expected in the cluster. */
export class GatewayLayer extends Component {
  constructor(name: string, context: Context, ground: Ground, options: pulumi.ComponentResourceOptions) {
    super('GatewayLayer', name, options);
    const services = context.services
      .filter(({ routes }) => routes.length > 0)
      .map((service) => gatewayServiceOf(context.namespace, service));
    if (context.config.gateway === 'kong') this.kong(context, services, ground);
    else this.istio(context, services, ground);
    this.registerOutputs({});
  }

  private istio(context: Context, services: GatewayService[], ground: Ground) {
    const { namespace, config } = context;
    const { gatewayHosts: hosts, gatewayTlsSecret: tlsSecret, releaseManaged } = config;
    const pods = frontDoorOf(config);
    const door = new FrontDoor(doorName, { namespace, hosts, tlsSecret }, this.child());
    const guards = new IstioGuards(
      doorName,
      { namespace: pods.namespace, labels: pods.labels, services, tokens: tokensOf(context, ground) },
      this.child(),
    );
    for (const service of services) {
      new IstioRoute(
        service.app,
        { service, hosts, gateway: door.gatewayName, releaseManaged },
        // Never open before it is guarded.
        this.child({ dependsOn: [door, guards] }),
      );
    }
  }

  private kong(context: Context, services: GatewayService[], ground: Ground) {
    const { namespace, config } = context;
    const args = { hosts: config.gatewayHosts, tlsSecret: config.gatewayTlsSecret };
    const door = new KongDoor(doorName, { ...args, namespace, services }, this.child());
    generationsInUse(generationOf(context, secretNames.signingKeys)).forEach((generation, index) => {
      const key = signingKeyOf(context, ground, index);
      new KongTokenHolder(`signing-key-${generation}`, { namespace, key }, this.child());
    });
    for (const service of services) {
      // Kong's open-source plugins check neither issuer nor roles: the proxy beside each service does.
      const guard = new TokenGuard(
        `${service.app}-tokens`,
        {
          namespace,
          labels: { app: service.app },
          services: [service],
          tokens: tokensOf(context, ground),
        },
        this.child(),
      );
      new KongRoutes(
        service.app,
        { ...args, service, gateway: door.gatewayName },
        this.child({ dependsOn: [door, guard] }),
      );
    }
  }
}

/** Keys at hand where this program makes them; otherwise those that the issuer publishes. */
function tokensOf({ namespace, services }: Context, { verifyingKeys }: Ground): Tokens {
  if (verifyingKeys) return { ...tokenRules, keys: { jwks: verifyingKeys.apply(keySet) } };
  const issuer = services.find(({ authentication }) => authentication === 'issues');
  const host = serviceHost({ app: appName(issuer ?? { name: 'user' }), namespace });
  return { ...tokenRules, keys: { jwksUri: `http://${host}${keysPath}` } };
}

function signingKeyOf(
  context: Context,
  { verifyingKeys }: Ground,
  index: number,
): KongTokenHolderArgs['key'] {
  if (verifyingKeys) return { atHand: verifyingKeys.apply((keys) => keys[index] as VerifyingKey) };
  const { kind, name } = context.config.secretStore;
  return { store: { kind, name }, remoteKey: remoteKeyOf(context, secretNames.signingKeys), index };
}
