import { z } from 'zod';

/** A Consul agent gave no usable answer. Never a reason to stop serving. */
export class ConsulError extends Error {
  readonly code = 'CONSUL_UNAVAILABLE';
  readonly retriable = true;
  constructor(url: string, reason: string, options?: { cause?: unknown }) {
    super(`Consul at ${url}: ${reason}`, options);
    this.name = 'ConsulError';
  }
}

/** A running process of a service, as callers see it. */
export interface Instance {
  id: string;
  address: string;
  port: number;
  /** What requests carry as Host: the name under which a mesh knows the instances (docs/adr/0009-discovery.md). */
  authority?: string;
  colour?: string;
}

/** What an agent is told about an instance; its own shape of /v1/agent/service/register. */
export interface ServiceRegistration {
  ID: string;
  Name: string;
  Address: string;
  Port: number;
  Tags: string[];
  Meta: Record<string, string>;
  Checks: Record<string, unknown>[];
}

export interface ConsulAgent {
  url: string;
  /** Whether the agent looks after this instance. */
  holds(instanceId: string): Promise<boolean>;
  register(registration: ServiceRegistration): Promise<void>;
  deregister(instanceId: string): Promise<void>;
  /** Instances whose checks all pass. Waits up to `waitSeconds` for a list newer than `index`; 0 = answer at once. */
  healthy(
    service: string,
    options: { index: number; waitSeconds: number; signal: AbortSignal },
  ): Promise<{ index: number; instances: Instance[] }>;
}

const entries = z.array(
  z.object({
    Node: z.object({ Address: z.string() }),
    Service: z.object({
      ID: z.string(),
      Address: z.string(),
      Port: z.int(),
      Meta: z.record(z.string(), z.string()).nullish(),
    }),
  }),
);

const requestTimeoutMs = 3000;

/** @param url such as http://consul-0.consul-nodes:8500; every method throws ConsulError */
export function createConsulAgent({ url, token }: { url: string; token?: string }): ConsulAgent {
  const call = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(new URL(path, url), {
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...init,
      method,
      headers: {
        ...(token !== undefined && { 'x-consul-token': token }),
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
      },
    }).catch((cause) => {
      throw new ConsulError(url, 'cannot be reached', { cause });
    });
    if (response.ok || response.status === 404) return response;
    // Says which permission a token lacks, and nothing secret.
    throw new ConsulError(url, `answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  };
  const done = async (response: Response): Promise<void> => void (await response.arrayBuffer());
  const place = (id: string) => encodeURIComponent(id);

  return {
    url,
    async holds(id) {
      const response = await call('GET', `/v1/agent/service/${place(id)}`);
      await done(response);
      return response.status !== 404;
    },
    async register(registration) {
      const response = await call('PUT', '/v1/agent/service/register?replace-existing-checks=true', {
        body: JSON.stringify(registration),
      });
      await done(response);
    },
    async deregister(id) {
      await done(await call('PUT', `/v1/agent/service/deregister/${place(id)}`));
    },
    async healthy(service, { index, waitSeconds, signal }) {
      const query = new URLSearchParams({ passing: 'true', index: String(index), wait: `${waitSeconds}s` });
      // Consul adds up to a sixteenth to the wait, so that not all callers come back at once.
      const limit = AbortSignal.timeout(Math.ceil(waitSeconds * 1000 * (17 / 16)) + requestTimeoutMs);
      const response = await call('GET', `/v1/health/service/${place(service)}?${query}&stale`, {
        signal: AbortSignal.any([signal, limit]),
      });
      const parsed = entries.safeParse(await response.json().catch(() => undefined));
      const next = Number(response.headers.get('x-consul-index'));
      if (!parsed.success || !(next > 0))
        throw new ConsulError(url, 'gave an answer that cannot be understood');
      return { index: next, instances: parsed.data.map(instanceOf) };
    },
  };
}

const instanceOf = ({ Node, Service }: z.infer<typeof entries>[number]): Instance => ({
  id: Service.ID,
  address: Service.Address || Node.Address,
  port: Service.Port,
  authority: Service.Meta?.authority,
  colour: Service.Meta?.colour,
});
