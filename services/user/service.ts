import { type KafkaPort, startRelay } from '@platform/libs/messaging';
import { type AppDeps, createApp } from './app';
import { systemClock } from './application/ports';
import { createAuthorisationStore } from './storage/clients';
import { createSessionStore } from './storage/sessions';

export interface ServiceDeps extends AppDeps {
  kafka: KafkaPort;
}

const PRUNE_EVERY_MS = 3_600_000;
/** How long ended sessions can still be looked at. */
const KEEP_MS = 30 * 24 * 3_600_000;

/** Puts the parts together. Nothing runs before `start`. */
export const createService = ({ kafka, ...deps }: ServiceDeps) => {
  const { pool, logger, clock = systemClock } = deps;
  const stores = [createSessionStore(pool), createAuthorisationStore(pool)];
  const prune = async () => {
    const before = new Date(clock.now().getTime() - KEEP_MS);
    for (const store of stores) await store.prune(before);
  };
  return {
    app: createApp(deps),
    prune,
    /** Starts to publish and to forget. @returns what stops it again. */
    async start(): Promise<() => Promise<void>> {
      const relay = await startRelay({ pool, kafka, logger });
      const timer = setInterval(() => {
        prune().catch((error) => logger.warn({ err: error }, 'ended sessions could not be removed'));
      }, PRUNE_EVERY_MS);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await relay.stop();
      };
    },
  };
};
