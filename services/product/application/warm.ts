import type { Logger } from '@platform/libs/telemetry';
import type { Catalogue } from './catalogue';

export interface WarmOptions {
  catalogue: Pick<Catalogue, 'warm'>;
  logger: Logger;
  /** Less than what is cached lives. */
  everyMs: number;
  /** From now on; afterwards customers do it. */
  forMs: number;
}

/**
 * Keeps a new instance warm until customers come to it: what they ask for first is then cached, for the other instances
 * too, and connections, plans and code have been used. Nothing waits for it.
 * @returns what stops it early.
 */
export function keepWarm({ catalogue, logger, everyMs, forMs }: WarmOptions): () => void {
  const until = performance.now() + forMs;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failed = false;
  const round = async (): Promise<void> => {
    await catalogue.warm().catch((error) => {
      if (!failed) logger.warn({ err: error }, 'the caches cannot be warmed yet');
      failed = true;
    });
    if (stopped || performance.now() >= until) return;
    timer = setTimeout(round, everyMs);
    timer.unref();
  };
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
