import type { Response } from 'express';
import { invalid } from './errors';
import { type CarrierName, carriers } from './store';

/** `timeout_after_label` waits for the next purchase; the others take what comes. */
const kinds = [
  'timeout_after_label',
  'error_500_after_label',
  'error_500',
  'refused',
  'rate_limit',
  'slow',
  'token_ended',
] as const;
export type Fault = (typeof kinds)[number];

export const operations = ['rate', 'ship', 'find', 'void', 'track'] as const;
export type Operation = (typeof operations)[number];

interface Planned {
  kind: Fault;
  carrier: CarrierName;
  /** Only such a request; any where there is none. */
  on?: Operation;
}

const oneOf = <T extends string>(list: readonly T[], value: unknown): value is T =>
  list.some((one) => one === value);

/** Faults that tests ask for, used up by the next requests to that carrier in turn. */
export const createFaults = () => {
  const planned: Planned[] = [];
  const held = new Set<Response>();
  return {
    add(body: unknown) {
      const { kind, carrier, count = 1, on } = (body ?? {}) as Record<string, unknown>;
      if (!oneOf(kinds, kind)) throw invalid('KIND', `kind must be one of ${kinds.join(', ')}`);
      if (!oneOf(carriers, carrier))
        throw invalid('CARRIER', `carrier must be one of ${carriers.join(', ')}`);
      if (on !== undefined && !oneOf(operations, on)) {
        throw invalid('ON', `on must be one of ${operations.join(', ')}, or be left out`);
      }
      if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > 100) {
        throw invalid('COUNT', 'count must be a whole number from 1 to 100');
      }
      const where = kind === 'timeout_after_label' || kind === 'error_500_after_label' ? 'ship' : on;
      for (let i = 0; i < Number(count); i++) planned.push({ kind, carrier, on: where });
      planned.splice(1000);
      return { faults: planned };
    },
    take(carrier: CarrierName, operation: Operation): Fault | undefined {
      const at = planned.findIndex((one) => one.carrier === carrier && (!one.on || one.on === operation));
      return at < 0 ? undefined : planned.splice(at, 1)[0]!.kind;
    },
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
      planned.length = 0;
      for (const response of held) response.destroy();
    },
  };
};
export type Faults = ReturnType<typeof createFaults>;
