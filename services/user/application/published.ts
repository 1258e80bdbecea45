import type { Contracts } from '@platform/libs/messaging';
import { z } from 'zod';

/** What others hear of people. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'user.erased.v1': z.object({ userId: z.string().min(1) }),
} satisfies Contracts;
