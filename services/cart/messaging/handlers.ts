import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { z } from 'zod';

const aboutUser = z.object({ userId: z.string().min(1) });

/** What others tell us, by CloudEvents type. */
export const createHandlers = (erasures: Erasures): Record<string, Handler> => ({
  'user.erased.v1': handler(aboutUser, (event, { client }) => erasures.request(client, event.data.userId)),
});
