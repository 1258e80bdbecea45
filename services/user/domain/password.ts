/** NIST SP 800-63B-4, 3.1.1.2: what a password must have that is the only factor. */
export const PASSWORD_MIN = 15;
/** Long enough for any phrase; short enough that hashing stays cheap. */
export const PASSWORD_MAX = 128;

/** What people put into passwords first, written plainly (see `plain`). */
const COMMON = [
  'password',
  'passwort',
  'passphrase',
  'qwertyuiop',
  'qwerty',
  'qwertz',
  'azerty',
  'asdfghjkl',
  'asdf',
  'zxcvbnm',
  'letmein',
  'welcome',
  'iloveyou',
  'admin',
  'administrator',
  'monkey',
  'dragon',
  'sunshine',
  'princess',
  'football',
  'baseball',
  'superman',
  'batman',
  'trustno',
  'whatever',
  'changeme',
  'secret',
  'login',
  'master',
  'hello',
  'shadow',
  'michael',
  'jordan',
  'starwars',
  'computer',
  'internet',
  'summer',
  'winter',
  'spring',
  'autumn',
  'test',
  'guest',
  'user',
  'root',
  'abc',
  'ecommerce',
  'platform',
  'shop',
].sort((a, b) => b.length - a.length);
const SEQUENCES = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1q2w3e4r5t6z7u8i9o0p',
  '1q2w3e4r5t6y7u8i9o0p',
];

/**
 * What is wrong with a password, for the person choosing it; undefined when nothing is. Length counts most; beyond that
 * only what attackers try first is refused: common words with decoration, keyboard runs, few different characters, the
 * own address. No rules about kinds of characters and no expiry: they make passwords worse (NIST SP 800-63B-4, 3.1.1.2).
 */
export function passwordProblem(password: string, email = ''): string | undefined {
  const length = [...password].length;
  if (length < PASSWORD_MIN) return `must have at least ${PASSWORD_MIN} characters`;
  if (length > PASSWORD_MAX) return `must have at most ${PASSWORD_MAX} characters`;
  if (isMonotonous(password)) return 'must have more different characters';
  if (isSequence(password)) return 'must not be a run of neighbouring keys or letters';
  if (isLittleBeside(COMMON, password))
    return 'is among the first that attackers try: choose something longer or less common';
  const name = plain(email.split('@')[0] ?? '');
  if (name.length >= 4 && isLittleBeside([name, ...COMMON], password)) {
    return 'must not be your e-mail address with a few characters added';
  }
  return undefined;
}

/** Lower case, letters for the digits and signs that stand for them, everything else dropped. */
function plain(text: string): string {
  const stands: Record<string, string> = {
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '@': 'a',
    '5': 's',
    $: 's',
    '7': 't',
    '!': 'i',
  };
  const lower = text.toLowerCase();
  // Digits at the end are a year or a counter, not letters.
  const trimmed = lower.replace(/[^\p{L}]+$/u, '').replace(/^[^\p{L}]+/u, '');
  return [...trimmed]
    .map((char) => stands[char] ?? char)
    .join('')
    .replace(/[^\p{L}]/gu, '');
}

const isMonotonous = (text: string): boolean => new Set(text.toLowerCase()).size < 5;

/** Whether a password is made of these words and decoration, none of which would do as a password of its own. */
function isLittleBeside(words: string[], password: string): boolean {
  const letters = plain(password);
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), letters);
  const decoration = password.split(/\p{L}+/u);
  return (
    rest.length < letters.length &&
    rest.length < 4 &&
    decoration.every((run) => [...run].length < PASSWORD_MIN || isMonotonous(run) || isSequence(run))
  );
}

function isSequence(password: string): boolean {
  const text = password.toLowerCase();
  return SEQUENCES.some((sequence) => {
    const endless = sequence.repeat(3);
    return endless.includes(text) || [...endless].reverse().join('').includes(text);
  });
}
