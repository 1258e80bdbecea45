import type { Pool } from '@platform/libs/postgres';
import { CommandRefused } from '@platform/libs/service';
import { salesByDay } from './storage/sales';

const DAY_MS = 86_400_000;

/** `main.js sales [DAYS]`: what was placed, confirmed and cancelled, and the revenue, for each of the last days (30). */
export async function salesCommand({ pool, args: [days = '30'] }: { pool: Pool; args: string[] }) {
  if (!/^[1-9]\d{0,3}$/.test(days)) throw new CommandRefused('Usage: sales [DAYS], 1 to 9999');
  const from = new Date(Date.now() - (Number(days) - 1) * DAY_MS).toISOString().slice(0, 10);
  process.stdout.write(`${JSON.stringify(await salesByDay(pool, from))}\n`);
}
