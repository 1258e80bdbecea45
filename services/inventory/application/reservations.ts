import type { Logger } from '@platform/libs/telemetry';
import type { Command, Line } from '../domain/reservation';
import { type Measure, measureReservations } from './measure';
import type { Clock, ReservationStore, Transaction } from './ports';

export interface ReservationsDeps {
  store: ReservationStore;
  clock: Clock;
  logger: Logger;
  /** How long an order may take to decide. */
  validityMs: number;
  measure?: Measure;
}

export interface Within {
  transaction?: Transaction;
  traceparent?: string;
}

/** Of one look for reservations that ended. */
const AT_ONCE = 50;

/** What orders ask of stock, each the same however often: the order is the key. */
export const createReservations = ({
  store,
  clock,
  logger,
  validityMs,
  measure = measureReservations,
}: ReservationsDeps) => {
  const apply = async (orderId: string, command: Command, within?: Within): Promise<void> => {
    const { before, decision } = await store.apply(orderId, command, within);
    const { reservation } = decision;
    if (reservation?.status === 'expired') {
      measure.expired();
      logger.warn({ orderId }, 'the order was not decided in time, its stock is given back');
    }
    if (reservation?.status === 'sold-late') {
      const was = before?.status ?? 'unknown';
      const short = reservation.lines.filter((line) => line.short);
      measure.soldLate(short.length > 0);
      const about = { orderId, was, lines: reservation.lines };
      // Somebody has paid for what is not there: a person has to decide.
      if (short.length > 0) logger.error(about, 'an order was confirmed, and not all of its stock is left');
      else logger.warn(about, 'an order was confirmed for which no stock was held any more');
    }
    if (command.type === 'release' && !decision.answer)
      logger.warn(
        { orderId, status: before?.status },
        'a release came for stock that is sold; nothing moved',
      );
  };
  const expire = (orderId: string) => apply(orderId, { type: 'expire', at: clock.now() });

  return {
    reserve(orderId: string, lines: Line[], within?: Within) {
      const expiresAt = new Date(Date.parse(clock.now()) + validityMs).toISOString();
      return apply(orderId, { type: 'reserve', lines, expiresAt }, within);
    },
    release: (orderId: string, within?: Within) => apply(orderId, { type: 'release' }, within),
    confirm: (orderId: string, within?: Within) => apply(orderId, { type: 'confirm' }, within),
    cancel: (orderId: string, within?: Within) => apply(orderId, { type: 'cancel' }, within),
    /** Gives back what nobody decided about, each in a transaction of its own. @returns whether there may be more. */
    async expireDue(): Promise<boolean> {
      const due = await store.findExpired(clock.now(), AT_ONCE);
      let failed = 0;
      for (const orderId of due) {
        try {
          await expire(orderId);
        } catch (error) {
          failed++;
          logger.warn({ err: error, orderId }, 'a reservation that ended could not be given back yet');
        }
      }
      return due.length === AT_ONCE && failed === 0;
    },
  };
};

export type Reservations = ReturnType<typeof createReservations>;
