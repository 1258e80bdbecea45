import type { Logger } from '@platform/libs/telemetry';
import type { Catalogue } from './catalogue';

export interface Refresher {
  /** A product has changed; nothing waits for it. */
  note(id: string, categories: string[]): void;
  /** Ends when all that was noted is done. */
  idle(): Promise<void>;
}

/**
 * Brings the caches up to date after changes, many at once. What fails is let be: nothing cached lives longer than its
 * time, which is what other instances rely on too.
 */
export function createRefresher(catalogue: Pick<Catalogue, 'refresh'>, logger: Logger): Refresher {
  let ids = new Set<string>();
  let categories = new Set<string>();
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (ids.size > 0) {
      // Those of the same batch come in the same moment.
      await new Promise((resolve) => setTimeout(resolve, 20));
      const some = { ids: [...ids], categories: [...categories] };
      ids = new Set();
      categories = new Set();
      await catalogue
        .refresh(some.ids, some.categories)
        .catch((error) => logger.warn({ err: error }, 'the caches could not be refreshed'));
    }
    running = undefined;
  };
  return {
    note(id, of) {
      ids.add(id);
      for (const category of of) categories.add(category);
      running ??= run();
    },
    idle: async () => running,
  };
}
