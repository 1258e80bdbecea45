// What staff can do, and an index in memory. For tests only.
import { randomUUID } from 'node:crypto';
import type { Authenticator } from '@platform/libs/http';
import type { Pool } from '@platform/libs/postgres';
import { createEditing } from './application/editing';
import {
  type Generation,
  IndexUnavailable,
  type NextGeneration,
  newestOf,
  type ProductSource,
  RebuildRunning,
  type SearchChange,
  type SearchDocument,
  type SearchIndex,
} from './application/search-index';
import { createProductStore } from './storage/product-store';

/** Whoever asks is who they say they are: tokens are the library's business, and tested there and in order. */
const authenticator: Authenticator = async (incoming) => ({
  id: incoming.headers.authorization ?? '',
  roles: ['support'],
  scopes: ['products:write'],
});

export const staff = (pool: Pool) => ({
  authenticator,
  editing: createEditing(createProductStore(pool), () => `prd-${randomUUID()}`),
});

/** Pages of what is in a list, in the order of ids. */
const pageOf = (all: { id: string; version: number }[], after: string | undefined, limit: number) =>
  all
    .filter(({ id }) => after === undefined || id > after)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map(({ id, version }) => ({ id, version }));

/** A catalogue in memory: change `documents` at will. */
export function memorySource(
  ...documents: SearchDocument[]
): ProductSource & { documentsById: Map<string, SearchDocument> } {
  const documentsById = new Map(documents.map((one) => [one.id, one]));
  const some = (ids: string[]) => ids.flatMap((id) => documentsById.get(id) ?? []);
  return {
    documentsById,
    page: async (after, limit) => pageOf([...documentsById.values()], after, limit),
    of: async (ids) => new Map(some(ids).map(({ id, version }) => [id, version])),
    documents: async (ids) => some(ids),
  };
}

/** Finds names that contain all words, and no misspelt ones. Holds adapters' suite and the upkeep to account without a server. */
export function memoryIndex(): SearchIndex {
  type Made = Generation & {
    id: number;
    entries: Map<string, SearchChange>;
    state: 'filling' | 'following' | 'live';
  };
  let made: Made[] = [];
  let count = 0;
  let rebuilding = false;
  const open = (): Made => {
    const entries = new Map<string, SearchChange>();
    const present = () => [...entries.values()].filter(({ deleted }) => !deleted);
    const id = ++count;
    return {
      ...{ id, name: `memory_${id}`, entries, state: 'filling' },
      async apply(changes) {
        for (const change of newestOf(changes))
          if ((entries.get(change.id)?.version ?? 0) < change.version) entries.set(change.id, change);
      },
      page: async (after, limit) => pageOf(present(), after, limit),
      of: async (ids) =>
        new Map(present().flatMap(({ id, version }) => (ids.includes(id) ? [[id, version] as const] : []))),
    };
  };
  return {
    async search({ search, category, limit, after }) {
      const live = made.find(({ state }) => state === 'live');
      if (!live) throw new IndexUnavailable('none');
      const words = search.toLowerCase().split(/\s+/);
      return [...live.entries.values()]
        .filter((one) => !one.deleted)
        .map((one) => one as SearchDocument)
        .filter((one) => category === undefined || one.category === category)
        .filter(({ name }) => words.every((word) => name.toLowerCase().split(' ').includes(word)))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .filter(({ id }) => after === undefined || id > after.id)
        .slice(0, limit)
        .map(({ id }) => ({ id, rank: '1' }));
    },
    async apply(changes) {
      for (const one of made) if (one.state !== 'filling') await one.apply(changes);
    },
    live: async () => made.find(({ state }) => state === 'live'),
    async begin(): Promise<NextGeneration> {
      if (rebuilding) throw new RebuildRunning();
      rebuilding = true;
      made = made.filter(({ state }) => state === 'live');
      const next = open();
      made.push(next);
      return {
        ...next,
        async follow() {
          next.state = 'following';
        },
        async publish() {
          next.state = 'live';
          made = [next];
          rebuilding = false;
        },
        async abandon() {
          made = made.filter((one) => one !== next);
          rebuilding = false;
        },
      };
    },
  };
}
