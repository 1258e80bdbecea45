import { BrokenCircuitError, type CircuitBreakerPolicy, CircuitState } from 'cockatiel';
import { type BreakerFigures, createBreaker, type Endpoint, type Endpoints } from '../resilience';
import type { Instance } from './consul';

export interface BalancerOptions extends BreakerFigures {
  /** Where requests go while no instance is known: the Service's own address. */
  fallback: Endpoint;
  /** Instances of this colour are asked as long as there is one: a release moves whole colours (docs/adr/0009-discovery.md). */
  colour?: string;
  onFallback?: () => void;
}

export interface Balancer extends Endpoints {
  update(instances: Instance[]): void;
  /** How many instances are asked, and how many are left out because they failed. */
  count(): { available: number; leftOut: number };
}

interface Member {
  endpoint: Endpoint;
  breaker: CircuitBreakerPolicy;
  openedAt: number;
}

/** One after the other over the healthy instances; each has a breaker of its own. */
export function createBalancer(options: BalancerOptions): Balancer {
  const { breakAfter, breakForMs = 5000 } = options;
  const join = (endpoint: Endpoint): Member => {
    const member = { endpoint, breaker: createBreaker({ breakAfter, breakForMs }), openedAt: 0 };
    member.breaker.onBreak(() => {
      member.openedAt = Date.now();
    });
    return member;
  };
  /** Half open means that a request is finding out already: one is enough. */
  const isAvailable = ({ breaker, openedAt }: Member): boolean =>
    breaker.state === CircuitState.Closed ||
    (breaker.state === CircuitState.Open && Date.now() - openedAt >= breakForMs);

  const fallback = join(options.fallback);
  let members = new Map<string, Member>();
  let ring: Member[] = [];
  let turn = 0;

  const next = (): Member | undefined => {
    if (ring.length === 0) {
      options.onFallback?.();
      return isAvailable(fallback) ? fallback : undefined;
    }
    for (let step = 0; step < ring.length; step++) {
      const member = ring[turn++ % ring.length] as Member;
      if (isAvailable(member)) return member;
    }
    return undefined;
  };

  return {
    update(instances) {
      const own = instances.filter(({ colour }) => colour === options.colour);
      const asked = (own.length > 0 ? own : instances).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      // Whoever stays keeps its breaker: a new neighbour says nothing about it.
      members = new Map(
        asked.map((instance) => [
          keyOf(instance),
          members.get(keyOf(instance)) ?? join(endpointOf(instance)),
        ]),
      );
      ring = [...members.values()];
    },
    async run(work) {
      const member = next();
      if (!member) throw new BrokenCircuitError('every instance failed too often just now');
      return member.breaker.execute(() => work(member.endpoint));
    },
    count() {
      const available = ring.filter(isAvailable).length;
      return { available, leftOut: ring.length - available };
    },
  };
}

const keyOf = ({ id, address, port }: Instance) => `${id} ${address}:${port}`;

const endpointOf = ({ address, port, authority }: Instance): Endpoint => ({
  baseUrl: `http://${address}:${port}`,
  ...(authority !== undefined && { authority }),
});
