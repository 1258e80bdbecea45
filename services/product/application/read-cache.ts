import { LRUCache } from 'lru-cache';

/** A cache other instances share. Failures count as misses: it must never be the reason for an error. */
export interface SharedCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): void;
  delete(key: string): Promise<void>;
}

export interface ReadCacheOptions {
  ttlMs: number;
  /** Characters held at most. */
  maxCharacters: number;
  shared?: SharedCache;
  onHit?: () => void;
  onMiss?: () => void;
}

export interface ReadCache {
  /** The cached text, or what `load` gives; many callers of one key load once. Undefined is not remembered. */
  get(key: string, load: () => Promise<string | undefined>): Promise<string | undefined>;
  /** Here and in the shared cache; what is being loaded is not kept either. Other instances forget when it is too old. */
  forget(key: string): Promise<void>;
}

export function createReadCache({
  ttlMs,
  maxCharacters,
  shared,
  onHit,
  onMiss,
}: ReadCacheOptions): ReadCache {
  const entries = new LRUCache<string, string>({
    ttl: ttlMs,
    maxSize: maxCharacters,
    sizeCalculation: (value, key) => value.length + key.length + 1,
  });
  const loading = new Map<string, Promise<string | undefined>>();

  const fill = async (
    key: string,
    load: () => Promise<string | undefined>,
    mayKeep: () => boolean,
  ): Promise<string | undefined> => {
    const found = await shared?.get(key).catch(() => undefined);
    if (found !== undefined) {
      onHit?.();
      if (mayKeep()) entries.set(key, found);
      return found;
    }
    onMiss?.();
    const value = await load();
    if (value !== undefined && mayKeep()) {
      entries.set(key, value);
      shared?.set(key, value, ttlMs);
    }
    return value;
  };

  return {
    async get(key, load) {
      const hit = entries.get(key);
      if (hit !== undefined) {
        onHit?.();
        return hit;
      }
      const pending = loading.get(key);
      if (pending) return pending;
      const mine = () => loading.get(key) === started;
      const started: Promise<string | undefined> = fill(key, load, mine).finally(() => {
        if (mine()) loading.delete(key);
      });
      loading.set(key, started);
      return started;
    },
    async forget(key) {
      loading.delete(key);
      entries.delete(key);
      await shared?.delete(key).catch(() => undefined);
    },
  };
}
