import type { Square } from 'square';
import { z } from 'zod';
import { type Notification, type NotificationReader, NotificationRefused } from '../application/ports';
import { outcomeOfPayment } from './squareState';

export interface SquareNotificationOptions {
  signatureKey: string;
  /** The address Square sends to, as it is told to Square: it is part of what is signed. */
  url: string;
  /** How old an event may be. Square tries for a day; two unless told. */
  toleranceMs?: number;
  now?: () => number;
}

const NAME = 'square';
const DAY_MS = 24 * 3600 * 1000;
const SIGNATURE = 'x-square-hmacsha256-signature';

/** What we need of Square's events; as it comes over the wire, not as its library names it. */
const event = z.object({
  event_id: z.string().min(1).max(200),
  type: z.string(),
  created_at: z.iso.datetime({ offset: true }),
  data: z.object({
    object: z.looseObject({
      payment: z
        .object({
          id: z.string(),
          status: z.string(),
          reference_id: z.uuid(),
          card_details: z.object({ errors: z.array(z.object({ code: z.string() })).optional() }).optional(),
        })
        .optional()
        .catch(undefined),
    }),
  }),
});

export const createSquareNotifications = ({
  signatureKey,
  url: notificationUrl,
  toleranceMs = 2 * DAY_MS,
  now = Date.now,
}: SquareNotificationOptions): NotificationReader => ({
  gateway: NAME,
  headers: [SIGNATURE],
  async read(body, headers) {
    const requestBody = body.toString();
    const signatureHeader = headers[SIGNATURE] ?? '';
    const signed = { requestBody, signatureHeader, signatureKey, notificationUrl };
    const { WebhooksHelper } = await import('square');
    if (!(await WebhooksHelper.verifySignature(signed))) {
      throw new NotificationRefused('The signature is missing or not ours.');
    }
    const parsed = event.safeParse(parse(requestBody));
    if (!parsed.success) throw new NotificationRefused('This is no event of Square.');
    const { event_id: eventId, created_at, data } = parsed.data;
    if (now() - Date.parse(created_at) > toleranceMs) throw new NotificationRefused('The event is too old.');
    const notification: Notification = { gateway: NAME, eventId };
    const { payment } = data.object;
    if (!payment) return notification;
    const { id, status, card_details: cardDetails } = payment;
    const errors = cardDetails?.errors as Square.Error_[] | undefined;
    const outcome = outcomeOfPayment({ id, status, cardDetails: { errors } });
    return outcome.kind === 'unknown'
      ? notification
      : { ...notification, about: { paymentId: payment.reference_id, outcome } };
  },
});

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
