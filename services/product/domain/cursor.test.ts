import fc from 'fast-check';
import { decodeCursor, encodeCursor } from './cursor';

test('gives back what went in', () => {
  const rank = fc.option(
    fc.tuple(fc.nat(999), fc.nat(999_999)).map(([a, b]) => `${a}.${b}`),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[\w-]{1,64}$/), rank, (id, rank) => {
      expect(decodeCursor(encodeCursor({ id, rank }))).toEqual(rank === undefined ? { id } : { id, rank });
    }),
  );
});

test('takes nothing else, and never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => Buffer.from(json).toString('base64url')),
      ),
      (text) => {
        const cursor = decodeCursor(text);
        if (cursor) expect(cursor.id).toMatch(/^[\w-]{1,64}$/);
      },
    ),
  );
  expect(decodeCursor(Buffer.from('["a","1; drop table"]').toString('base64url'))).toBeUndefined();
});
