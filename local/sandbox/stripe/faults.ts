import type { Response } from 'express';
import { invalid } from './errors';

const kinds = ['timeout_after_charge', 'error_500', 'rate_limit'] as const;
export type Fault = (typeof kinds)[number];

/** Faults that tests ask for, used up by the next POST requests in turn. */
export const createFaults = () => {
  const next: Fault[] = [];
  const held = new Set<Response>();
  return {
    add(body: unknown) {
      const { kind, count = 1 } = (body ?? {}) as { kind?: Fault; count?: number };
      if (!kind || !kinds.includes(kind))
        throw invalid(`kind must be one of ${kinds.join(', ')}`, { param: 'kind' });
      if (!Number.isInteger(count) || count < 1 || count > 100) {
        throw invalid('count must be a whole number from 1 to 100', { param: 'count' });
      }
      for (let i = 0; i < count; i++) next.push(kind);
      next.splice(1000);
      return { faults: next };
    },
    take: (): Fault | undefined => next.shift(),
    /** Never answers; the connection stays until the caller gives up, a minute passes or the sandbox is reset. */
    hold(response: Response) {
      held.add(response);
      const timer = setTimeout(() => response.destroy(), 60_000);
      timer.unref();
      response.once('close', () => {
        clearTimeout(timer);
        held.delete(response);
      });
    },
    clear() {
      next.length = 0;
      for (const response of held) response.destroy();
    },
  };
};
