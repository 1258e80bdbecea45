import pg from 'pg';
import type { Logger } from '../telemetry';
import type { Pool } from './pool';

export interface Listener {
  stop(): Promise<void>;
}

/**
 * Calls `onNotify` for every NOTIFY on `channel`, with its payload, and without one after every (re)connect, since what was sent
 * meanwhile is lost.
 * Keeps one connection of its own and reconnects by itself. `channel` must be a plain identifier.
 */
export async function listen(
  pool: Pool,
  channel: string,
  onNotify: (payload?: string) => void,
  logger?: Logger,
): Promise<Listener> {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: pool.options.connectionString,
      application_name: `${pool.options.application_name ?? 'service'} listener`,
      keepAlive: true,
      connectionTimeoutMillis: 3000,
    });
    client = next;
    next.on('notification', ({ payload }) => onNotify(payload));
    next.on('error', () => undefined);
    next.on('end', () => {
      if (!stopped && client === next) reconnect();
    });
    await next.connect();
    await next.query(`listen ${channel}`);
    onNotify();
  };
  const reconnect = (): void => {
    client = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => {
      connect().catch((error) => {
        logger?.warn({ err: error }, 'cannot listen for notifications yet, polling meanwhile');
        if (!stopped) reconnect();
      });
    }, 1000);
  };

  await connect().catch((error) => {
    logger?.warn({ err: error }, 'cannot listen for notifications yet, polling meanwhile');
    reconnect();
  });
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
