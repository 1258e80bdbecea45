// Telling a secret from other text: by its name, by the shape of well-known keys, and by how random it is.

/** Names whose value is a secret: the last word says so (`DB_PASSWORD`, `stripe.api-key`), unless it is only a pointer to one. */
export function namesSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  const last = words.at(-1) ?? '';
  const lastTwo = words.slice(-2).join('');
  if (/^(password|passwd|pwd|passphrase|secret|secrets|token|credential|credentials|apikey)$/.test(last))
    return true;
  if (/(password|secret|apikey)$/.test(last)) return true;
  return /^(api|private|signing|secret|access|encryption|master)key$/.test(lastTwo);
}

interface Shape {
  what: string;
  pattern: RegExp;
}

const shapes: Shape[] = [
  { what: 'a private key', pattern: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/ },
  {
    what: 'a private JSON Web Key',
    pattern: /"kty"\s*:[^}]*"d"\s*:\s*"[\w-]{20,}"|"d"\s*:\s*"[\w-]{20,}"[^}]*"kty"\s*:/,
  },
  { what: 'a Stripe key', pattern: /\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{8,}/ },
  { what: 'a Stripe webhook secret', pattern: /\bwhsec_[0-9A-Za-z+/=]{12,}/ },
  { what: 'an AWS access key id', pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
  { what: 'a GitHub token', pattern: /\bgh[oprsu]_[0-9A-Za-z]{30,}|\bgithub_pat_\w{30,}/ },
  { what: 'a Slack token', pattern: /\bxox[abeoprs]-[0-9A-Za-z-]{10,}/ },
  { what: 'a Google API key', pattern: /\bAIza[0-9A-Za-z_-]{35}/ },
  { what: 'a signed token (JWT)', pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/ },
  {
    what: 'an address with a password in it',
    pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@'"]*:(?!\$[({])(?!%[sv])(?!<)[^\s/@'"$]+@/i,
  },
];

// Random-looking text that is public by nature.
const publicText = [
  /-----BEGIN (?:CERTIFICATE|[A-Z ]*PUBLIC KEY)-----[\s\S]*?-----END (?:CERTIFICATE|[A-Z ]*PUBLIC KEY)-----/g,
  /"(?:x|y|n|e|kid|x5c|x5t|x5t#S256)"\s*:\s*"[^"]*"/g,
  /\bsha(?:1|256|384|512)[-:][A-Za-z0-9+/=]+/g,
  /\bssh-(?:rsa|ed25519)\s+[A-Za-z0-9+/=]+/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi,
];

/** Bits per character, 0 for empty text; 6 at most for base64. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const length = [...text].length;
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}

/** Long, mixed and random: what a generator makes, not what a person or a program names things. */
function looksGenerated(word: string): boolean {
  const has = (pattern: RegExp) => (word.match(pattern) ?? []).length >= 3;
  return word.length >= 32 && has(/[a-z]/g) && has(/[A-Z]/g) && has(/\d/g) && entropy(word) >= 4.2;
}

/** Says what secret stands in a text, in words that do not repeat it; undefined when there seems to be none. */
export function secretIn(text: string): string | undefined {
  for (const { what, pattern } of shapes) if (pattern.test(text)) return what;
  const rest = publicText.reduce((left, pattern) => left.replace(pattern, ' '), text);
  return rest.split(/[^A-Za-z0-9+/_=-]+/).some(looksGenerated)
    ? 'what looks like a generated key'
    : undefined;
}

/** A value that cannot be a secret itself: empty, a reference to be filled in, a path, a number or a switch. */
export function isHarmless(value: string): boolean {
  const text = value.trim();
  return (
    text === '' ||
    /^[$%][({]?[\w.-]+[)}]?$/.test(text) ||
    /^(<.*>|\{\{.*\}\})$/.test(text) ||
    /^(true|false|yes|no|on|off|none|null|required|optional|\d+(\.\d+)?(ms|s|m|h|d)?)$/i.test(text) ||
    /^(\.{0,2}\/|file:)/.test(text)
  );
}

const assignment =
  /(?:^|[\s,;{"'-])([A-Za-z][\w.-]*?)["']?(?:[ \t]*=[ \t]*|["']?:[ \t]+|"[ \t]*:[ \t]*)(["']?)([^\s"',;{}()[\]]{4,})\2(?![\w(.[])/gm;

/** Names of settings inside a configuration text (properties, ini, YAML, JSON) whose value is a secret in plain text. */
export function secretSettings(text: string): string[] {
  const found: string[] = [];
  for (const [, name = '', quote = '', value = ''] of text.matchAll(assignment)) {
    // Unquoted dotted or called words are code (`token = process.env.X`), not values.
    const isCode = quote === '' && /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(value);
    if (namesSecret(name) && !isHarmless(value) && !isCode) found.push(name);
  }
  return found;
}
