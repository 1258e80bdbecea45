import type { Queryable } from '@platform/libs/postgres';
import type { ProductSource, SearchDocument } from '../application/search-index';

/** The catalogue as an index is made from it. */
export function createProductSource(db: Queryable): ProductSource {
  return {
    async page(after, limit) {
      const { rows } = await db.query<{ id: string; version: number }>(
        'select id, version from products where id > $1 order by id limit $2',
        [after ?? '', limit],
      );
      return rows;
    },
    async of(ids) {
      const { rows } = await db.query<{ id: string; version: number }>(
        'select id, version from products where id = any($1::text[])',
        [ids],
      );
      return new Map(rows.map(({ id, version }) => [id, version]));
    },
    async documents(ids) {
      const { rows } = await db.query<SearchDocument>(
        'select id, version, name, description, category from products where id = any($1::text[])',
        [ids],
      );
      return rows;
    },
  };
}
