import { Client, errors } from '@opensearch-project/opensearch';
import type { Pool } from '@platform/libs/postgres';
import {
  type Generation,
  type Hit,
  IndexUnavailable,
  type NextGeneration,
  newestOf,
  type SearchChange,
  type SearchIndex,
  type SearchQuery,
} from '../application/search-index';
import { endRebuild, lockRebuild } from './rebuild-lock';

export interface OpenSearchIndexDeps {
  /** May carry the login. */
  url: string;
  /** Of the service: rebuilds take turns by a lock in it. */
  pool: Pool;
  /** What its indexes and aliases begin with; 'products' unless told. */
  prefix?: string;
  /** Whether a change can be found as soon as it is applied, instead of within a second. That costs time; for tests. */
  refresh?: boolean;
  /** How long a generation that was replaced stays, for searches under way. 2 s unless told. */
  graceMs?: number;
}

const mappings = {
  dynamic: 'strict' as const,
  properties: {
    id: { type: 'keyword' as const },
    version: { type: 'integer' as const },
    deleted: { type: 'boolean' as const },
    category: { type: 'keyword' as const },
    name: { type: 'text' as const, analyzer: 'english' },
    description: { type: 'text' as const, analyzer: 'english' },
  },
};

const isStatus = (error: unknown, status: number) =>
  error instanceof errors.ResponseError && error.statusCode === status;

/**
 * The search index in OpenSearch: an index a generation. The alias `products` names the one that is searched, `products-follows` those
 * that get every change. Each is written through an alias of its own, so that a change which comes too late cannot make a removed
 * one again. Deletions stay as marks: OpenSearch forgets the versions of what is deleted within a minute.
 */
export function createOpenSearchIndex(deps: OpenSearchIndexDeps): SearchIndex {
  const { url, pool, prefix = 'products', refresh = false, graceMs = 2000 } = deps;
  const client = new Client({ node: url, requestTimeout: 5000, maxRetries: 2 });
  const [searched, follows] = [prefix, `${prefix}-follows`];
  const writesTo = (name: string) => `${name}-writes`;

  const namesOf = async (alias: string): Promise<string[]> => {
    try {
      return Object.keys((await client.indices.getAlias({ name: alias })).body).sort();
    } catch (error) {
      if (isStatus(error, 404)) return [];
      throw error;
    }
  };

  /** @returns whether the index was there. */
  const write = async (name: string, changes: SearchChange[]): Promise<boolean> => {
    if (changes.length === 0) return true;
    const to = { _index: writesTo(name), version_type: 'external' as const, require_alias: true };
    const body = newestOf(changes).flatMap((change) => {
      const { id, version, deleted = false, ...rest } = change;
      return [{ index: { ...to, _id: id, version } }, { id, version, deleted, ...rest }];
    });
    const { body: answer } = await client.bulk({ body, refresh });
    // A conflict is a change that is known already, or an older one.
    const refused = answer.items
      .map(({ index }) => index?.error)
      .filter((error) => error && error.type !== 'version_conflict_engine_exception');
    if (refused.some((error) => error?.type === 'index_not_found_exception')) return false;
    if (refused[0]) throw new Error(`OpenSearch took ${refused.length} changes not: ${refused[0].reason}`);
    return true;
  };

  const generation = (name: string): Generation => ({
    name,
    async apply(changes) {
      if (!(await write(name, changes))) throw new IndexUnavailable(`The search index ${name} is gone`);
    },
    async page(after, limit) {
      if (after === undefined) await client.indices.refresh({ index: name });
      const { body } = await client.search({
        index: name,
        body: {
          size: limit,
          query: { term: { deleted: false } },
          sort: [{ id: 'asc' }],
          ...(after !== undefined && { search_after: [after] }),
          _source: ['version'],
        },
      });
      return body.hits.hits.map(({ _id, _source }) => ({
        id: String(_id),
        version: Number(_source?.version),
      }));
    },
    async of(ids) {
      if (ids.length === 0) return new Map();
      const { body } = await client.mget({
        ...{ index: name, body: { ids }, _source_includes: ['version', 'deleted'] },
      });
      const found = new Map<string, number>();
      for (const one of body.docs)
        if ('_source' in one && one._source && !one._source.deleted)
          found.set(one._id, Number(one._source.version));
      return found;
    },
  });

  /** All but what is searched: what was replaced, and what killed rebuilds left behind. @returns a name that is free */
  const removeOthers = async (): Promise<string> => {
    const [live] = await namesOf(searched);
    const { body } = await client.indices.get({ index: `${prefix}-*`, allow_no_indices: true });
    for (const name of Object.keys(body)) if (name !== live) await remove(name);
    const last = live === undefined ? 0 : Number(live.slice(prefix.length + 1));
    return `${prefix}-${last + 1}`;
  };

  const remove = async (name: string) => {
    await client.indices.delete({ index: name, ignore_unavailable: true });
  };

  return {
    async search(query) {
      try {
        const { body } = await client.search({ index: searched, body: searchBody(query) });
        return body.hits.hits.map(({ _id, _score }): Hit => ({ id: String(_id), rank: String(_score) }));
      } catch (error) {
        // What is wrong with the question would be wrong with every other one: that is a mistake of ours.
        if (error instanceof errors.ResponseError && ![404, 429].includes(error.statusCode ?? 0)) {
          if ((error.statusCode ?? 0) < 500) throw error;
        }
        throw new IndexUnavailable('OpenSearch has no index to search in, or does not answer', error);
      }
    },
    async apply(changes) {
      // One that was removed meanwhile was replaced by one that has the change from the catalogue.
      for (const name of await namesOf(follows)) await write(name, changes);
    },
    async live() {
      const [name] = await namesOf(searched);
      return name === undefined ? undefined : generation(name);
    },
    async begin(): Promise<NextGeneration> {
      const lock = await pool.connect();
      lock.on('error', () => undefined);
      const end = () => endRebuild(lock);
      let name: string;
      try {
        await lockRebuild(lock);
        name = await removeOthers();
        const settings = { number_of_shards: 1, auto_expand_replicas: '0-1' };
        await client.indices.create({
          ...{ index: name, body: { settings, mappings, aliases: { [writesTo(name)]: {} } } },
        });
      } catch (error) {
        await end();
        throw error;
      }
      let published = false;
      return {
        ...generation(name),
        async follow() {
          await client.indices.refresh({ index: name });
          await client.indices.putAlias({ index: name, name: follows });
        },
        async publish() {
          const before = await namesOf(searched);
          const retired = before.flatMap((index) => [
            { remove: { index, alias: searched } },
            { remove: { index, alias: follows } },
          ]);
          await client.indices.updateAliases({
            body: { actions: [{ add: { index: name, alias: searched } }, ...retired] },
          });
          published = true;
          await new Promise((resolve) => setTimeout(resolve, graceMs));
          // It is done; what cannot be removed now, the next rebuild removes.
          await removeOthers().catch(() => undefined);
          await end();
        },
        async abandon() {
          try {
            if (!published) await remove(name);
          } finally {
            await end();
          }
        },
      };
    },
  };
}

/** All words somewhere in name or description; or, far below, a name with words that are spelt nearly so. */
function searchBody({ search, category, after, limit }: SearchQuery) {
  const fields = ['name^2', 'description'];
  const filter = [
    { term: { deleted: { value: false } } },
    ...(category === undefined ? [] : [{ term: { category: { value: category } } }]),
  ];
  const should = [
    { multi_match: { query: search, fields, type: 'cross_fields' as const, operator: 'and' as const } },
    {
      match: {
        name: { query: search, fuzziness: 'AUTO', prefix_length: 1, operator: 'and' as const, boost: 0.01 },
      },
    },
  ];
  return {
    size: limit,
    _source: false,
    track_scores: true,
    track_total_hits: false,
    query: { bool: { filter, should, minimum_should_match: 1 } },
    sort: [{ _score: { order: 'desc' as const } }, { id: { order: 'asc' as const } }],
    ...(after && { search_after: [Number(after.rank), after.id] }),
  };
}
