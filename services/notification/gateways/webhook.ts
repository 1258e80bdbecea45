import { createHmac } from 'node:crypto';
import type { Clock, Outgoing, Sender } from '../application/ports';
import type { SendOutcome } from '../domain/delivery';

export interface WebhookSettings {
  url: string;
  /** `whsec_` and base64. */
  secret: string;
  clock: Clock;
  timeoutMs?: number;
}

/** The signature of Standard Webhooks: HMAC-SHA256 over id, time (seconds) and body. */
export const signatureOf = (secret: string, id: string, timestamp: string, body: string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
};

export const outcomeOf = (status: number): SendOutcome => {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { kind: final ? 'refused' : 'retriable', reason: `http_${status}` };
};

/** `webhook-id` stays the same from try to try: by it a receiver knows what it has had. */
export const createWebhookSender = ({ url, secret, clock, timeoutMs = 5000 }: WebhookSettings): Sender => {
  return async ({ id, news, message, createdAt }: Outgoing): Promise<SendOutcome> => {
    const body = JSON.stringify({
      type: news.kind,
      timestamp: createdAt,
      data: { ...news.data, ...message },
    });
    const timestamp = String(Math.floor(Date.parse(clock.now()) / 1000));
    try {
      const response = await fetch(url, {
        ...{ method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) },
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signatureOf(secret, id, timestamp, body),
        },
      });
      await response.body?.cancel();
      return outcomeOf(response.status);
    } catch (error) {
      const reason = (error as Error).name === 'TimeoutError' ? 'webhook_timeout' : 'webhook_unreachable';
      return { kind: 'retriable', reason };
    }
  };
};
