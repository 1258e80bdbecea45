import type { NewEvent, StoredEvent } from '@platform/libs/eventstore';
import type { PaymentEvent } from '../domain/payment';

const VERSION_SUFFIX = '.v1';

export const toStored = ({ type, data }: PaymentEvent): NewEvent => ({
  type: `${type}${VERSION_SUFFIX}`,
  data,
});
export const fromStored = ({ type, data }: Pick<StoredEvent, 'type' | 'data'>) =>
  ({ type: type.slice(0, -VERSION_SUFFIX.length), data }) as PaymentEvent;
export const streamOf = (paymentId: string) => `payment-${paymentId}`;
