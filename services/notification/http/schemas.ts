import { pageOf, pageQuery } from '@platform/libs/http';
import { z } from 'zod';
import type { Notification } from '../application/ports';
import { messageFor } from '../domain/messages';
import { channels, kinds, statuses } from '../domain/notification';

export const listQuery = z.strictObject({
  ...pageQuery(z.uuid('Use nextCursor of the page before.')),
});

const notification = z
  .object({
    id: z.uuid(),
    kind: z.enum(kinds),
    orderId: z.uuid().optional(),
    channel: z.enum(channels),
    status: z.enum(statuses),
    reason: z
      .string()
      .optional()
      .meta({ description: 'Why it was not sent, or not yet.', example: 'smtp_550' }),
    subject: z.string(),
    text: z.string(),
    createdAt: z.iso.datetime(),
    sentAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'Notification' });

export const notificationPage = z.object({
  items: z.array(notification),
  nextCursor: z.string().nullable(),
});

const money = z
  .object({
    amount: z.int().meta({ description: 'Minor units (cents for USD).', example: 1299 }),
    currency: z.string().meta({ description: 'ISO 4217.', example: 'USD' }),
  })
  .meta({ id: 'Money' });

export const personalData = z.object({
  notifications: z.array(notification),
  orders: z.array(z.object({ orderId: z.uuid(), total: money.optional() })),
});

/** As its recipient sees it. */
export const toView = ({ id, news, channel, status, reason, createdAt, sentAt }: Notification) => ({
  ...{ id, kind: news.kind, channel, status, ...messageFor(news), createdAt },
  ...('orderId' in news.data && { orderId: news.data.orderId }),
  ...(reason !== undefined && { reason }),
  ...(sentAt !== undefined && { sentAt }),
});

/** `found` holds one more than the page where there is another page. */
export const toPage = (found: Notification[], limit: number) => {
  const { items, nextCursor } = pageOf(found, limit, ({ id }) => id);
  return { items: items.map(toView), nextCursor };
};
