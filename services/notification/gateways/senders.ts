import type { Clock, Senders } from '../application/ports';
import type { Config } from '../config';
import { createSmtpSender } from './smtp';
import { createWebhookSender } from './webhook';

/** Those whose settings are there. */
export const createSenders = (config: Config, clock: Clock): Senders => {
  const { SMTP_URL: smtp, MAIL_FROM: from, SMTP_USERNAME: user, SMTP_PASSWORD: pass } = config;
  const { STAFF_WEBHOOK_URL: webhook, STAFF_WEBHOOK_SECRET: secret } = config;
  return {
    ...(smtp !== undefined &&
      from !== undefined && {
        email: createSmtpSender({
          ...{ url: smtp, tls: config.SMTP_TLS, from },
          login: user !== undefined && pass !== undefined ? { user, pass } : undefined,
        }),
      }),
    ...(webhook !== undefined &&
      secret !== undefined && { webhook: createWebhookSender({ url: webhook, secret, clock }) }),
  };
};
