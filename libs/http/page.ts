import { z } from 'zod';

/**
 * What a list that goes on by id is asked with, in its query schema.
 * @param id what an id looks like, so that a cursor nobody gave is refused
 */
export const pageQuery = <Id extends z.ZodType<string, string>>(id: Id) => ({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z
    .string()
    .max(100)
    .transform((cursor) => Buffer.from(cursor, 'base64url').toString())
    .pipe(id)
    .optional(),
});

/** @param found one more than `limit` where there is another page */
export const pageOf = <T>(found: T[], limit: number, idOf: (item: T) => string) => {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, nextCursor: more ? Buffer.from(idOf(last)).toString('base64url') : null };
};
