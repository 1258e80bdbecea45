import { Problem, type Route, route, unavailable } from '@platform/libs/http';
import { z } from 'zod';
import type { Payments } from '../application/payments';
import {
  type GatewayName,
  type Notification,
  type NotificationReader,
  NotificationRefused,
} from '../application/ports';

export interface WebhookRoutesDeps {
  payments: Pick<Payments, 'notified'>;
  /** One for each gateway. */
  notifications: readonly NotificationReader[];
}

const SIGNERS: Record<GatewayName, string> = { stripe: 'Stripe', paypal: 'PayPal', square: 'Square' };

const header = (name: string) => z.string({ error: `Send the header ${name}.` }).max(2000);

const webhookRoute = (reader: NotificationReader, payments: WebhookRoutesDeps['payments']): Route => {
  const { gateway } = reader;
  const signer = SIGNERS[gateway];
  const read = async (raw: Buffer, headers: Record<string, string>): Promise<Notification> => {
    try {
      return await reader.read(raw, headers);
    } catch (error) {
      if (error instanceof NotificationRefused) {
        throw new Problem(400, { code: 'signature-refused', detail: error.message, cause: error });
      }
      throw unavailable('The signature cannot be checked at the moment, send it again later.', error);
    }
  };
  return route({
    method: 'post',
    path: `/v1/webhooks/${gateway}`,
    summary: `For ${signer}: what became of a payment`,
    description: `Signed by ${signer} (${reader.headers.join(', ')}). Each event is handled once; repeated ones are acknowledged.`,
    rawBody: true,
    headers: z.object(Object.fromEntries(reader.headers.map((name) => [name, header(name)]))),
    responses: {
      200: { description: 'Taken in.', schema: z.object({ received: z.literal(true) }) },
      400: { description: `Not signed by ${signer}, or too old.` },
      503: { description: 'The signature cannot be checked now.' },
    },
    async handle({ raw, headers, logger }) {
      const notification = await read(raw, headers);
      const first = await payments.notified(notification);
      if (!first) logger.info({ eventId: notification.eventId }, 'a notification came again');
      return { body: { received: true } };
    },
  });
};

export const webhookRoutes = ({ payments, notifications }: WebhookRoutesDeps): Route[] =>
  notifications.map((reader) => webhookRoute(reader, payments));
