import type { Pool } from '@platform/libs/postgres';
import { createItemStore } from './storage/itemStore';

/** `main.js announce`: tells others once more how all stock stands. Those who have heard leave it alone; done twice it changes nothing. */
export async function announceCommand({ pool }: { pool: Pool }) {
  const announced = await createItemStore(pool).announce();
  process.stdout.write(`${JSON.stringify({ announced })}\n`);
}
