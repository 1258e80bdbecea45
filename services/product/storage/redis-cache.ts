import type { Logger } from '@platform/libs/telemetry';
import { createClient } from 'redis';
import type { SharedCache } from '../application/read-cache';

export interface RedisCache extends SharedCache {
  close(): void;
}

/** While Redis is away every read is a miss, at once: nothing waits for it. It reconnects by itself. */
export function createRedisCache(url: string, prefix: string, logger: Logger): RedisCache {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: 1000, reconnectStrategy: (retries) => Math.min(200 * 2 ** retries, 5000) },
  });
  let away = false;
  client.on('error', (error) => {
    if (!away) logger.warn({ err: error }, 'the shared cache is away, reading from the database instead');
    away = true;
  });
  client.on('ready', () => {
    away = false;
  });
  client.connect().catch(() => undefined);
  return {
    async get(key) {
      if (!client.isReady) return undefined;
      return (await client.get(prefix + key)) ?? undefined;
    },
    set(key, value, ttlMs) {
      if (!client.isReady) return;
      client.set(prefix + key, value, { expiration: { type: 'PX', value: ttlMs } }).catch(() => undefined);
    },
    async delete(key) {
      if (client.isReady) await client.del(prefix + key);
    },
    close: () => client.destroy(),
  };
}
