import type { Logger } from '@platform/libs/telemetry';
import { afterAttempt, type Pace, type SendOutcome } from '../domain/delivery';
import { messageFor } from '../domain/messages';
import { type Channel, type Kind, STAFF } from '../domain/notification';
import type { Addresses, Clock, Due, NotificationStore, Senders } from './ports';

export interface DeliverDeps {
  store: Pick<NotificationStore, 'record'>;
  senders: Senders;
  addresses: Addresses;
  /** Where staff reads mail. */
  staffEmail?: string;
  pace: Pace;
  clock: Clock;
  logger: Logger;
  count(kind: Kind, channel: Channel, outcome: 'sent' | 'retry' | 'failed' | 'undeliverable'): void;
}

/**
 * One try to send one notification. A process that dies after the sending and before the record has it sent again: the id that the
 * receiver sees is the same, so it can be known for what it is.
 */
export const createDeliver = (deps: DeliverDeps) => {
  const { store, senders, addresses, staffEmail, pace, clock, logger, count } = deps;

  const send = async ({ id, news, channel, recipient, createdAt }: Due): Promise<SendOutcome> => {
    const sender = senders[channel];
    // It was asked for while there was one; whoever takes the channel away may give it back.
    if (!sender) return { kind: 'retriable', reason: 'channel_not_configured' };
    const outgoing = { id, news, createdAt, message: messageFor(news) };
    if (channel === 'webhook') return sender(outgoing);
    if (recipient === STAFF) {
      return staffEmail === undefined
        ? { kind: 'retriable', reason: 'channel_not_configured' }
        : sender({ ...outgoing, to: staffEmail });
    }
    let to: string;
    try {
      to = await addresses(recipient);
    } catch (error) {
      logger.warn({ err: error, notificationId: id }, 'an address could not be asked for yet');
      return { kind: 'retriable', reason: 'address_unknown' };
    }
    return to === 'gone' ? { kind: 'undeliverable', reason: 'account_gone' } : sender({ ...outgoing, to });
  };

  return async (due: Due): Promise<void> => {
    const { id, news, channel } = due;
    const attempt = due.attempts + 1;
    const outcome = await send(due);
    const step = afterAttempt(outcome, attempt, pace);
    await store.record(id, attempt, step, clock.now());
    const line = { notificationId: id, kind: news.kind, channel, attempt };
    if (step.status === 'sent') {
      count(news.kind, channel, 'sent');
      logger.info(line, 'a notification was sent');
    } else if (step.status === 'pending') {
      count(news.kind, channel, 'retry');
      logger.info({ ...line, reason: step.reason }, 'a notification will be tried again');
    } else {
      count(news.kind, channel, step.outcome);
      logger.error({ ...line, reason: step.reason }, 'a notification was not delivered');
    }
  };
};
