import { ConfigError } from '../config';
import type { Endpoints } from '../resilience';
import { type Logger, meter } from '../telemetry';
import { type Balancer, createBalancer } from './balancer';
import { createConsulAgent } from './consul';
import { keepRegistered, openCheckPort, type Registration } from './registration';
import { watchInstances } from './watch';

/** What `serviceVariables` reads of it. Without CONSUL_URLS there is no discovery, and callers use Service addresses. */
export interface DiscoveryConfig {
  SERVICE_NAME: string;
  SERVICE_VERSION: string;
  PORT: number;
  CONSUL_URLS?: string[];
  CONSUL_TOKEN?: string;
  INSTANCE_ID?: string;
  INSTANCE_ADDRESS?: string;
  INSTANCE_COLOUR?: string;
  INSTANCE_AUTHORITY?: string;
  INSTANCE_CHECK_PORT?: number;
}

export interface Discovery {
  /** The healthy instances of the service that stands at this Service address, followed from now on. */
  endpoints(baseUrl: string): Endpoints;
  /** Makes this process findable. Call it when requests are answered. @throws when the check port cannot be had */
  register(): Promise<void>;
  /** Takes it out again. Call it first when leaving. */
  leave(): Promise<void>;
  /** Ends all that was begun. */
  stop(): void;
}

const needed = [
  'INSTANCE_ID',
  'INSTANCE_ADDRESS',
  'INSTANCE_COLOUR',
  'INSTANCE_AUTHORITY',
  'INSTANCE_CHECK_PORT',
] as const;

/** `http://product-service:80/x` → `product-service`: the name a service has in DNS is the one it registers under. */
const serviceAt = (baseUrl: string) => new URL(baseUrl).hostname.split('.')[0] as string;

/** @returns undefined where no Consul is configured. @throws ConfigError when it is, but not who this process is */
export function createDiscovery(config: DiscoveryConfig, logger: Logger): Discovery | undefined {
  if (config.CONSUL_URLS === undefined) return undefined;
  const missing = needed.filter((name) => config[name] === undefined);
  if (missing.length > 0) {
    throw new ConfigError(
      missing.map((name) => `${name} is not set, and it is needed where CONSUL_URLS is set`),
    );
  }
  const agents = config.CONSUL_URLS.map((url) => createConsulAgent({ url, token: config.CONSUL_TOKEN }));
  const balancers = new Map<string, { balancer: Balancer; end: () => void }>();
  const fallbacks = meter().createCounter('discovery_fallbacks_total', {
    description: 'Requests sent to a Service address because no healthy instance was known',
  });
  meter()
    .createObservableGauge('discovery_instances', {
      description:
        'Healthy instances of a called service, by whether the caller asks them or leaves them out',
    })
    .addCallback((result) => {
      for (const [service, { balancer }] of balancers) {
        const { available, leftOut } = balancer.count();
        result.observe(available, { service, state: 'available' });
        result.observe(leftOut, { service, state: 'left_out' });
      }
    });
  let registration: Registration | undefined;
  let checkPort: { close(): void } | undefined;

  return {
    endpoints(baseUrl) {
      const service = serviceAt(baseUrl);
      const known = balancers.get(service);
      if (known) return known.balancer;
      const balancer = createBalancer({
        fallback: { baseUrl },
        colour: config.INSTANCE_COLOUR,
        onFallback: () => fallbacks.add(1, { service }),
      });
      const end = watchInstances({ agents, service, logger, onChange: balancer.update });
      balancers.set(service, { balancer, end });
      return balancer;
    },
    async register() {
      checkPort = await openCheckPort(config.INSTANCE_CHECK_PORT as number);
      registration = keepRegistered({
        agents,
        logger,
        own: {
          id: config.INSTANCE_ID as string,
          service: config.SERVICE_NAME,
          version: config.SERVICE_VERSION,
          colour: config.INSTANCE_COLOUR as string,
          address: config.INSTANCE_ADDRESS as string,
          port: config.PORT,
          authority: config.INSTANCE_AUTHORITY as string,
          checkPort: config.INSTANCE_CHECK_PORT as number,
        },
      });
    },
    leave: async () => registration?.leave(),
    stop() {
      for (const { end } of balancers.values()) end();
      checkPort?.close();
    },
  };
}
