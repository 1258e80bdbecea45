import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry';
import type { ConsulAgent, Instance } from './consul';

export interface WatchOptions {
  agents: ConsulAgent[];
  service: string;
  logger: Logger;
  /** Called with every new list; an empty one says that nothing is known any more. */
  onChange: (instances: Instance[]) => void;
  /** How long a blocking query is left open; 30 s unless told. */
  waitSeconds?: number;
  /** How long the last list is believed after the last answer; 60 s unless told. */
  believeMs?: number;
}

/**
 * Follows the healthy instances of a service by blocking queries, agent after agent when one is away.
 * @returns what ends it
 */
export function watchInstances(options: WatchOptions): () => void {
  const { agents, service, logger, onChange, waitSeconds = 30, believeMs = 60_000 } = options;
  const ended = new AbortController();
  let turn = 0;
  let index = 0;
  let failures = 0;
  let heardAt = Date.now();

  const ask = async (): Promise<void> => {
    const agent = agents[turn % agents.length] as ConsulAgent;
    const answer = await agent.healthy(service, { index, waitSeconds, signal: ended.signal });
    // An index that goes back means another history: begin anew, as Consul's documentation of blocking queries demands.
    index = answer.index < index ? 0 : answer.index;
    heardAt = Date.now();
    if (failures > 0) logger.info({ upstream: service }, 'Consul answers again');
    failures = 0;
    onChange(uniqueById(answer.instances));
  };

  const afterFailure = async (error: unknown): Promise<void> => {
    if (failures === 0)
      logger.warn({ err: error, upstream: service }, 'Consul does not answer, the last list stays in use');
    failures += 1;
    turn += 1;
    // Every agent counts for itself.
    index = 0;
    if (Date.now() - heardAt > believeMs) onChange([]);
    await sleep(Math.min(200 * 2 ** failures, 5000), undefined, { signal: ended.signal }).catch(
      () => undefined,
    );
  };

  void (async () => {
    while (!ended.signal.aborted) {
      await ask().catch((error) => (ended.signal.aborted ? undefined : afterFailure(error)));
    }
  })();
  return () => ended.abort();
}

/** While an instance moves from one agent to another, both name it for a moment. */
const uniqueById = (instances: Instance[]): Instance[] => [
  ...new Map(instances.map((instance) => [instance.id, instance])).values(),
];
