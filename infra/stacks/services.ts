import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { Component } from '../components/component';
import type { VerifyingKey } from '../components/gateway/model';
import { appName, type Context, usesTopics } from './context';
import type { DataLayer } from './data';
import type { DiscoveryLayer } from './discovery';
import type { MessagingLayer } from './messaging';
import { PlatformService } from './platform-service';

/** What services stand on. */
export interface Ground {
  data: Pick<DataLayer, 'databases'> & { redis: Resource };
  messaging: MessagingLayer;
  discovery?: DiscoveryLayer;
}

/** Fourth layer: one of each catalogue entry, each waiting only for what it uses. */
export class ServicesLayer extends Component {
  private readonly services = new Map<string, PlatformService>();

  constructor(name: string, context: Context, ground: Ground, options: ComponentResourceOptions) {
    super('ServicesLayer', name, options);
    for (const service of context.services) {
      const database = ground.data.databases.get(service.name);
      const dependsOn = [
        ...(database ? [database] : []),
        ...(service.cache ? [ground.data.redis] : []),
        ...(usesTopics(service) ? [ground.messaging] : []),
        ...(ground.discovery ? ground.discovery.neededBy(service) : []),
      ];
      const app = appName(service);
      this.services.set(app, new PlatformService(app, context, service, this.child({ dependsOn })));
    }
    this.registerOutputs({});
  }

  /** Public halves of the keys that sign access tokens; unset where they are not made or given here. */
  get verifyingKeys(): Output<VerifyingKey[]> | undefined {
    return [...this.services.values()].find(({ verifyingKeys }) => verifyingKeys)?.verifyingKeys;
  }

  /** One service, to be waited for. @throws Error when there is none of that name */
  of(app: string): PlatformService {
    const found = this.services.get(app);
    if (!found) throw new Error(`there is no service ${app}`);
    return found;
  }
}
