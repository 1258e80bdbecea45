import type { Logger } from '@platform/libs/telemetry';
import { IndexUnavailable, type Search, type SearchIndex } from './search-index';

export interface SearchDeps {
  index: Pick<SearchIndex, 'search'>;
  /** On the catalogue itself: always there, always right. */
  base: Search;
  logger?: Logger;
}

/** Searches the index, and the catalogue itself while there is none: no search fails for want of an index. */
export function createSearch({ index, base, logger }: SearchDeps): Search {
  let away = false;
  return async (query) => {
    try {
      const hits = await index.search(query);
      away = false;
      return hits;
    } catch (error) {
      if (!(error instanceof IndexUnavailable)) throw error;
      if (!away) logger?.warn({ err: error }, 'there is no search index, the catalogue is searched instead');
      away = true;
      return base(query);
    }
  };
}
