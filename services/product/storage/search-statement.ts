import type { SearchQuery } from '../application/search-index';

/** A word that more products have tells little about them: that many are ranked, and no more. */
const WORDS = 300;
/** With fewer hits by words, names that are spelt nearly so are looked for as well, */
const ENOUGH = 20;
/** that many at most: each costs a comparison of its letters. */
const NEAR = 120;

/** What can be searched: has the columns id, name, category and search. */
export interface Searchable {
  table: string;
  /** Which rows count. */
  where?: string;
}

/**
 * Whole words by full text; if they find too little, misspelt ones by trigrams, which rank below. Ranks are rounded so that
 * pages can go on from them. It has no name on purpose: the plan must follow how common the words are.
 */
export function searchStatement(
  { table, where }: Searchable,
  { category, search, after, limit }: SearchQuery,
) {
  const values: unknown[] = [search, limit];
  const conditions = where === undefined ? [] : [where];
  if (category !== undefined) conditions.push(`category = $${values.push(category)}`);
  const also = conditions.map((condition) => ` and ${condition}`).join('');
  const words = "websearch_to_tsquery('english', $1)";
  let page = '';
  if (after) {
    const rank = `$${values.push(after.rank)}::numeric`;
    page = `where score < ${rank} or (score = ${rank} and id > $${values.push(after.id)})`;
  }
  return {
    text: `
      with words as materialized (
        select id, round((1 + ts_rank(search, ${words}))::numeric, 6) as score
        from ${table} where search @@ ${words}${also} limit ${WORDS}),
      near as materialized (
        select id, round(word_similarity($1, name)::numeric, 6) as score
        from ${table} where (select count(*) from words) < ${ENOUGH} and $1 <% name${also} limit ${NEAR})
      select id, score::text as rank
      from (select * from words union all select * from near where id not in (select id from words)) found
      ${page} order by score desc, id limit $2`,
    values,
  };
}
