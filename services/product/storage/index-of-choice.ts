import type { Pool, Queryable } from '@platform/libs/postgres';
import type { SearchIndex } from '../application/search-index';
import type { Config } from '../config';
import { createOpenSearchIndex } from './open-search-index';
import { createPostgresIndex } from './search-index';

interface Parts {
  config: Pick<Config, 'OPENSEARCH_URL'>;
  pool: Pool;
  reads?: Queryable;
}

/** In OpenSearch where the configuration names one, else beside the catalogue. */
export const createSearchIndex = ({ config: { OPENSEARCH_URL: url }, pool, reads }: Parts): SearchIndex =>
  url === undefined ? createPostgresIndex({ pool, reads }) : createOpenSearchIndex({ url, pool });
