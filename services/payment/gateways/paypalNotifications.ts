import { z } from 'zod';
import { type Notification, type NotificationReader, NotificationRefused } from '../application/ports';
import type { Outcome } from '../domain/charging';
import { type PayPal, PRODUCTION } from './paypal';

export interface PayPalNotificationOptions {
  paypal: Pick<PayPal, 'token'>;
  /** The id PayPal gave our webhook: it is part of what is signed. */
  webhookId: string;
  /** PayPal itself unless given. */
  apiUrl?: string;
  /** How long ago it may have been sent. PayPal tries for three days; four unless told. */
  toleranceMs?: number;
  timeoutMs?: number;
  now?: () => number;
}

const NAME = 'paypal';
const DAY_MS = 24 * 3600 * 1000;
const HEADERS = [
  'paypal-transmission-id',
  'paypal-transmission-time',
  'paypal-transmission-sig',
  'paypal-cert-url',
  'paypal-auth-algo',
] as const;

const related = z.object({ authorization_id: z.string().optional() });
const event = z.object({
  id: z.string().min(1).max(200),
  event_type: z.string(),
  resource: z
    .object({
      id: z.string(),
      custom_id: z.uuid(),
      supplementary_data: z.object({ related_ids: related }).optional(),
    })
    .optional()
    .catch(undefined),
});

type Resource = NonNullable<z.infer<typeof event>['resource']>;

/** What an event says about a payment's money; nothing where it does not say enough. */
const outcomeOf = (type: string, { id, supplementary_data }: Resource): Outcome | undefined => {
  switch (type) {
    case 'PAYMENT.AUTHORIZATION.CREATED':
      return { kind: 'authorised', transactionId: id };
    case 'PAYMENT.AUTHORIZATION.VOIDED':
      return { kind: 'voided', transactionId: id };
    case 'PAYMENT.CAPTURE.COMPLETED': {
      const authorisationId = supplementary_data?.related_ids.authorization_id;
      return authorisationId ? { kind: 'captured', transactionId: id, authorisationId } : undefined;
    }
    default:
      return undefined;
  }
};

/** Reads what PayPal sends, once PayPal itself has said that it sent it (docs/adr/0018-payments.md). */
export const createPayPalNotifications = ({
  paypal,
  webhookId,
  apiUrl = PRODUCTION,
  toleranceMs = 4 * DAY_MS,
  timeoutMs = 10_000,
  now = Date.now,
}: PayPalNotificationOptions): NotificationReader => {
  const isSent = async (body: string, headers: Record<string, string>): Promise<boolean> => {
    const [transmission_id, transmission_time, transmission_sig, cert_url, auth_algo] = HEADERS.map(
      (name) => headers[name],
    );
    const sent = { transmission_id, transmission_time, transmission_sig, cert_url, auth_algo };
    // The event goes back byte by byte: what is signed is its text, not its meaning.
    const facts = JSON.stringify({ ...sent, webhook_id: webhookId });
    const question = `${facts.slice(0, -1)},"webhook_event":${body}}`;
    const response = await fetch(`${apiUrl}/v1/notifications/verify-webhook-signature`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await paypal.token()}`, 'content-type': 'application/json' },
      body: question,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // It understood us, and it is no question that can be answered with yes.
    if (response.status === 400 || response.status === 422) return false;
    if (!response.ok) throw new Error(`PayPal answered ${response.status} when asked about a signature`);
    const { verification_status } = (await response.json()) as { verification_status?: string };
    return verification_status === 'SUCCESS';
  };

  return {
    gateway: NAME,
    headers: HEADERS,
    async read(body, headers) {
      const text = body.toString();
      const parsed = event.safeParse(parse(text));
      const sentAt = Date.parse(headers['paypal-transmission-time'] ?? '');
      if (!parsed.success || Number.isNaN(sentAt)) {
        throw new NotificationRefused('This is no event of PayPal.');
      }
      if (Math.abs(now() - sentAt) > toleranceMs) throw new NotificationRefused('The event is too old.');
      if (!(await isSent(text, headers))) {
        throw new NotificationRefused('The signature is missing or not ours.');
      }
      const { id: eventId, event_type, resource } = parsed.data;
      const notification: Notification = { gateway: NAME, eventId };
      const outcome = resource && outcomeOf(event_type, resource);
      return outcome ? { ...notification, about: { paymentId: resource.custom_id, outcome } } : notification;
    },
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
