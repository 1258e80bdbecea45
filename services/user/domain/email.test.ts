import { normaliseEmail } from './email';

test.each([
  ['Jane@Example.ORG', 'jane@example.org'],
  ['  jane@example.org ', 'jane@example.org'],
  ['ｊane@example.org', 'jane@example.org'],
])('stores %s as %s', (given, stored) => {
  expect(normaliseEmail(given)).toBe(stored);
});
