import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { declaredSecrets } from '../catalog/checks';
import type { ServiceEntry } from '../catalog/schema';
import { Access } from '../components/access';
import { Autoscaler } from '../components/autoscaler';
import { Component } from '../components/component';
import { DisruptionBudget } from '../components/disruption-budget';
import { kongServiceAnnotations } from '../components/gateway/kong-spec';
import type { VerifyingKey } from '../components/gateway/model';
import { InstancesAddress, outsideMesh } from '../components/instances';
import { type Colour, colours } from '../components/names';
import { type Keys, PlatformSecret } from '../components/secret';
import { ServiceAddress } from '../components/service';
import { ServiceAccount } from '../components/service-account';
import { SigningKeys, verifyingKeysIn } from '../components/signing-keys';
import { Workload } from '../components/workload';
import type { WorkloadArgs } from '../components/workload-spec';
import { CarriersSandbox } from './carriers-sandbox';
import { connectionsOf } from './connections';
import { appName, type Context, checkPort, instancesName, secretNames } from './context';
import { discoveryEnvironment } from './discovery-environment';
import { MailSandbox } from './mail-sandbox';
import { PaymentSandbox } from './payment-sandbox';
import { generationOf, rolledBy, type SourceKind, secretSource, secretsInUseBy } from './secrets';
import { serviceEnvironment, serviceMounts } from './service-environment';

const standIns = { payment: PaymentSandbox, carriers: CarriersSandbox, mail: MailSandbox };

/** The colour that is live when a service is born, and the version label each colour is born with. */
const liveColour: Colour = 'blue';
const nextVersion = (version: string) => `v${Number(version.slice(1)) + 1}`;

/** Everything of one catalogue entry but its database (data layer), topics (messaging) and route (gateway). */
export class PlatformService extends Component {
  /** Known once the pods of both colours are as asked for. */
  readonly ready: Output<string[]>;
  /** Where the service issues tokens and this program knows the keys: their public halves, the newest first. */
  verifyingKeys?: Output<VerifyingKey[]>;

  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    super('PlatformService', name, options);
    const { namespace } = context;
    const app = appName(service);
    const { serviceAccountName } = new ServiceAccount(app, { namespace, app }, this.child());
    const access = new Access(
      app,
      { namespace, app, ...connectionsOf(service, context.services, context) },
      this.child(),
    );
    const secrets = this.secrets(context, service);
    for (const sandbox of service.sandboxes) {
      const StandIn = standIns[sandbox];
      new StandIn(`${sandbox}-sandbox`, context, service, this.child({ dependsOn: secrets }));
    }
    const annotations = context.config.gateway === 'kong' ? kongServiceAnnotations({ app, namespace }) : {};
    new ServiceAddress(app, { namespace, app, targetPort: service.port, annotations }, this.child());
    if (context.discovery) {
      new InstancesAddress(
        instancesName(service),
        { namespace, app, targetPort: service.port, maxConnections: service.mesh.maxConnections },
        this.child(),
      );
    }
    if (service.scale.min > 1) new DisruptionBudget(app, { namespace, app }, this.child());
    const ready = this.child({ dependsOn: [access, ...secrets] });
    const workloads = colours.map((colour) =>
      this.colour(context, service, colour, serviceAccountName, ready),
    );
    this.ready = pulumi.all(workloads.map(({ deployment }) => deployment.id));
    this.registerOutputs({});
  }

  private secrets(context: Context, service: ServiceEntry): Resource[] {
    const { namespace } = context;
    const app = appName(service);
    const secret = (secretName: string, keys: Keys, kind?: SourceKind) => {
      const source = secretSource(context, secretName, keys, kind);
      return new PlatformSecret(secretName, { namespace, app, secretName, source, keys }, this.child());
    };
    const own = declaredSecrets(service).map(([name, { source, keys }]) => secret(name, keys, source));
    if (service.authentication !== 'issues') return own;
    const { signingKeys: secretName } = secretNames;
    if (context.config.secrets !== 'generated') {
      const given = context.config.secretValues[secretName]?.[SigningKeys.fileName];
      if (context.config.secrets === 'pulumi' && given) this.verifyingKeys = verifyingKeysIn(given);
      return [...own, secret(secretName, { [SigningKeys.fileName]: {} })];
    }
    const generation = generationOf(context, secretName);
    const made = new SigningKeys(secretName, { namespace, app, secretName, generation }, this.child());
    this.verifyingKeys = made.verifyingKeys;
    return [...own, made];
  }

  private colour(
    context: Context,
    service: ServiceEntry,
    colour: Colour,
    serviceAccountName: string,
    options: ComponentResourceOptions,
  ): Workload {
    const { namespace } = context;
    const app = appName(service);
    const workload = new Workload(
      `${app}-${colour}`,
      workloadArgs(context, service, colour, serviceAccountName),
      options,
    );
    const { deploymentName } = workload;
    new Autoscaler(
      deploymentName,
      { namespace, app, deploymentName, ...service.scale },
      this.child({ dependsOn: workload }),
    );
    return workload;
  }
}

/** A catalogue entry as arguments of one colour. The colour that is not live has no pods, and the next version's label. */
export function workloadArgs(
  context: Context,
  service: ServiceEntry,
  colour: Colour,
  serviceAccountName: string,
): WorkloadArgs {
  const live = colour === liveColour;
  return {
    namespace: context.namespace,
    app: appName(service),
    colour,
    version: live ? service.version : nextVersion(service.version),
    image: context.image(appName(service)),
    port: service.port,
    replicas: live ? service.replicas : 0,
    resources: service.resources,
    liveness: service.probes.liveness,
    readiness: service.probes.readiness,
    env: [
      ...serviceEnvironment(service, context),
      ...(context.discovery ? discoveryEnvironment(service, context) : []),
    ],
    mounts: serviceMounts(service, context),
    migrate: Boolean(service.database),
    serviceAccountName,
    spread: context.spread,
    releaseManaged: context.config.releaseManaged,
    podAnnotations: {
      ...rolledBy(context, secretsInUseBy(context, service)),
      ...(context.discovery ? outsideMesh([checkPort]) : {}),
    },
  };
}
