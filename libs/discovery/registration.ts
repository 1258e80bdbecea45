import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry';
import type { ConsulAgent, ServiceRegistration } from './consul';

/** This process, as it wants to be found. */
export interface OwnInstance {
  /** Unique for as long as it lives: the pod's name. */
  id: string;
  service: string;
  version: string;
  colour: string;
  address: string;
  port: number;
  /** Host of requests to it and of the HTTP check. */
  authority: string;
  /** A port that does nothing but accept: see openCheckPort. */
  checkPort: number;
}

/** Seconds between two looks at an instance: the longest that callers are sent to one that is gone. */
export const checkIntervalSeconds = 5;

export const registrationOf = (own: OwnInstance): ServiceRegistration => ({
  ID: own.id,
  Name: own.service,
  Address: own.address,
  Port: own.port,
  Tags: [own.version, own.colour],
  Meta: { version: own.version, colour: own.colour, authority: own.authority },
  Checks: [
    {
      CheckID: `${own.id}:ready`,
      Name: 'GET /ready',
      HTTP: `http://${own.address}:${own.port}/ready`,
      Header: { Host: [own.authority] },
      Interval: `${checkIntervalSeconds}s`,
      Timeout: '3s',
    },
    {
      CheckID: `${own.id}:process`,
      Name: 'the process accepts connections',
      TCP: `${own.address}:${own.checkPort}`,
      Interval: `${checkIntervalSeconds}s`,
      Timeout: '2s',
      // Only when the process is gone. One that is not ready will be again, and must not be forgotten meanwhile.
      DeregisterCriticalServiceAfter: '1m',
    },
  ],
});

/**
 * Accepts and hangs up. Behind a sidecar every port of the pod accepts, whether the process lives or not; this one is left out of
 * the mesh, so that a TCP check tells the truth.
 */
export async function openCheckPort(port: number): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => void server.close(),
  };
}

/** The drain goes on beside it, and must not become longer because Consul is away. */
const farewellMs = 4000;

export interface Registration {
  /** Takes the instance out of every agent, as far as that can be done within 4 s. */
  leave(): Promise<void>;
}

/** Agents in an order of this instance's own, so that instances spread over them. */
const inOwnOrder = (agents: ConsulAgent[], id: string): ConsulAgent[] => {
  const start = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % agents.length;
  return [...agents.slice(start), ...agents.slice(0, start)];
};

/**
 * Makes sure, again and again, that exactly one agent looks after the instance: the first that answers. Registers anew when Consul has
 * forgotten it, moves on when the agent is away. Never throws: a Consul that is away stops nobody from serving.
 */
export function keepRegistered(options: {
  agents: ConsulAgent[];
  own: OwnInstance;
  logger: Logger;
  everyMs?: number;
}): Registration {
  const { own, logger, everyMs = 5000 } = options;
  const agents = inOwnOrder(options.agents, own.id);
  const left = new AbortController();
  let keeper: string | undefined;

  const look = async (): Promise<void> => {
    let found: string | undefined;
    let reason: unknown;
    for (const agent of agents) {
      try {
        const holds = await agent.holds(own.id);
        if (left.signal.aborted) return;
        if (found !== undefined) {
          if (holds) await agent.deregister(own.id);
          continue;
        }
        if (!holds) await agent.register(registrationOf(own));
        found = agent.url;
      } catch (error) {
        reason = error;
      }
    }
    if (found === keeper) return;
    keeper = found;
    if (found === undefined) logger.warn({ err: reason }, 'not registered with Consul, trying again');
    else logger.info({ agent: found }, 'registered with Consul');
  };

  const keeping = (async () => {
    while (!left.signal.aborted) {
      await look();
      await sleep(everyMs, undefined, { signal: left.signal }).catch(() => undefined);
    }
  })();

  return {
    async leave() {
      if (left.signal.aborted) return;
      left.abort();
      // A registration under way must not come after the farewell.
      const farewell = keeping.then(() =>
        Promise.allSettled(agents.map((agent) => agent.deregister(own.id))),
      );
      await Promise.race([farewell, sleep(farewellMs, undefined, { ref: false })]);
    },
  };
}
