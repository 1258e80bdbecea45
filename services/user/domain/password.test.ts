import fc from 'fast-check';
import { PASSWORD_MAX, PASSWORD_MIN, passwordProblem } from './password';

test.each([
  'correct horse battery staple',
  'Tr0ub4dor&3 and more',
  'zwei-Krähen-im-Regen',
  '9f2KpLx7QmWeTb4',
  '夜の海に浮かぶ小さな舟と古い灯台',
  '839201746529384',
  '29628692-6998-4269-9886-269abc826992',
])('takes %s', (password) => {
  expect(passwordProblem(password, 'jane@example.org')).toBeUndefined();
});

test.each([
  ['short', 'at least 15'],
  ['9f2KpLx7QmWeTb', 'at least 15'],
  ['Password1234567', 'first that attackers try'],
  ['P@ssw0rd2026!!!', 'first that attackers try'],
  ['password-password', 'first that attackers try'],
  ['Welcome1234567!', 'first that attackers try'],
  ['Welcome123456789012345', 'first that attackers try'],
  ['p@ssw0rd!!!!!!!!!!!!!!!!!!!!', 'first that attackers try'],
  ['123456789012345', 'neighbouring'],
  ['qwertyuiopqwerty', 'neighbouring'],
  ['abcdefghijklmno', 'neighbouring'],
  ['aaaaaaaaaaaaaaa', 'different characters'],
  ['ababababababababab', 'different characters'],
  ['janeexample2026', 'e-mail address'],
  ['x'.repeat(200), 'at most 128'],
])('refuses %s', (password, reason) => {
  expect(passwordProblem(password, 'jane.example@example.org')).toContain(reason);
});

test('takes whatever is drawn at random, however few letters are in it', () => {
  fc.assert(
    fc.property(fc.uuid(), (password) => passwordProblem(password, 'jane@example.org') === undefined),
    { numRuns: 20_000 },
  );
});

test('counts characters as people do, and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (password) => {
      const length = [...password].length;
      const problem = passwordProblem(password);
      if (length < PASSWORD_MIN || length > PASSWORD_MAX) expect(problem).toBeDefined();
    }),
  );
});
