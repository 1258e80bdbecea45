import { type BreakerFigures, type CutOut, createCutOut } from '@platform/libs/resilience';
import type { Outcome } from '../domain/charging';
import type { AuthoriseRequest, PaymentGateway } from './ports';

/** Every gateway by name, each of which is left out for a while when it fails several times in a row. */
export interface Gateways {
  get(name: string): PaymentGateway | undefined;
  all: readonly PaymentGateway[];
  isOut(name: string): boolean;
  authorise(name: string, request: AuthoriseRequest): Promise<Outcome>;
}

const FAILURES: Outcome['kind'][] = ['retriable', 'unknown', 'misconfigured'];

export const createGateways = (
  all: readonly PaymentGateway[],
  { breakAfter = 5, breakForMs = 30_000 }: BreakerFigures = {},
): Gateways => {
  const gateways = new Map<string, { gateway: PaymentGateway; cutOut: CutOut<Outcome> }>(
    all.map((gateway) => {
      const failed = ({ kind }: Outcome) => FAILURES.includes(kind);
      return [gateway.name, { gateway, cutOut: createCutOut({ failed, breakAfter, breakForMs }) }];
    }),
  );
  return {
    all,
    get: (name) => gateways.get(name)?.gateway,
    isOut: (name) => gateways.get(name)?.cutOut.isOut() ?? false,
    async authorise(name, request) {
      const found = gateways.get(name);
      if (!found) return { kind: 'misconfigured', error: 'gateway not set up' };
      return found.cutOut.run(
        () => found.gateway.authorise(request),
        () => ({ kind: 'retriable', error: 'gateway left out' }),
      );
    },
  };
};
