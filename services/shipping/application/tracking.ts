import type { Logger } from '@platform/libs/telemetry';
import { newsOf, nextLook, type PollPace } from '../domain/tracking';
import type { Carriers, Clock, Tracked, TrackingOutcome, TrackingStore } from './ports';

export interface TrackingDeps {
  store: TrackingStore;
  carriers: Carriers;
  clock: Clock;
  logger: Logger;
  pace: PollPace;
}

/** Looks at one shipment on its way: takes in what is new, and says when to look again. */
export const createTracking = ({ store, carriers, clock, logger, pace }: TrackingDeps) => {
  const ask = async ({ carrier, trackingNumber }: Tracked): Promise<TrackingOutcome> => {
    try {
      return await carriers.named(carrier).track(trackingNumber);
    } catch (error) {
      logger.error({ err: error, carrier }, 'a carrier could not be asked');
      return { kind: 'failed', error: 'adapter_failure' };
    }
  };
  return async (shipmentId: string): Promise<void> => {
    const tracked = await store.load(shipmentId);
    if (!tracked) return;
    const outcome = await ask(tracked);
    const { orderId, carrier } = tracked;
    if (outcome.kind === 'failed') {
      logger.warn({ orderId, carrier, error: outcome.error }, 'a shipment could not be tracked');
    }
    const reported = outcome.kind === 'tracked' ? outcome.events : [];
    const at = clock.now();
    const news = newsOf(tracked.events, reported, tracked.status);
    const fresh = news.added.length > 0;
    const pulse = {
      status: news.status,
      quiet: fresh ? 0 : tracked.quiet + 1,
      since: fresh ? at : tracked.since,
    };
    await store.record(shipmentId, { ...news, at }, nextLook(pulse, at, pace));
  };
};
