import express from 'express';
import type { Mail } from './smtp';

export interface ReceivedHook {
  /** Of the request, those that begin with `webhook-`. */
  headers: Record<string, string>;
  /** As it was signed. */
  body: string;
}

/** The last so many of something. */
export interface Kept<T> {
  all: readonly T[];
  keep(one: T): void;
}

export const keepLast = <T>(limit: number): Kept<T> => {
  const all: T[] = [];
  return {
    all,
    keep(one) {
      all.push(one);
      if (all.length > limit) all.shift();
    },
  };
};

/** What was sent, to be looked at; and the receiver of webhooks. */
export const createApp = (mails: Kept<Mail>, hooks: Kept<ReceivedHook>) => {
  const app = express();
  app.disable('x-powered-by');
  for (const path of ['/health', '/ready']) {
    app.get(path, (_, response) => void response.json({ status: 'ok' }));
  }
  app.get('/messages', ({ query }, response) => {
    const wanted = typeof query.to === 'string' ? query.to.toLowerCase() : undefined;
    const messages = mails.all
      .filter(({ to }) => wanted === undefined || to.some((one) => one.toLowerCase() === wanted))
      .map(({ from, to, headers, text }) => ({
        ...{ from, to, text, subject: headers.subject ?? '', messageId: headers['message-id'] ?? '' },
      }));
    response.json({ messages });
  });
  app.post('/webhook', express.text({ type: () => true, limit: '200kb' }), (request, response) => {
    const headers = Object.entries(request.headers).filter(([name]) => name.startsWith('webhook-'));
    hooks.keep({ headers: Object.fromEntries(headers) as Record<string, string>, body: request.body });
    response.status(204).end();
  });
  app.get('/webhooks', (_, response) => void response.json({ webhooks: hooks.all }));
  return app;
};
