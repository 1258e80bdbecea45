import { createHash, randomBytes } from 'node:crypto';

/** A value nobody can guess: 256 random bits. What is stored is `digest` of it. */
export const newOpaque = (): string => randomBytes(32).toString('base64url');

/** SHA-256. Enough for values of full entropy; passwords have their own, slow hash. */
export const digest = (value: string): Buffer => createHash('sha256').update(value).digest();

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A code to write down: 16 letters and digits that are not mistaken for each other, 79 bits. */
export function newRecoveryCode(): string {
  const characters: string[] = [];
  while (characters.length < 16) {
    for (const byte of randomBytes(16)) {
      // Bytes past the last whole multiple would favour the first letters.
      if (byte < 248 && characters.length < 16) characters.push(ALPHABET[byte % ALPHABET.length]!);
    }
  }
  return characters.join('').replace(/(.{4})(?=.)/g, '$1-');
}

/** The form a recovery code is compared in: as people may type it. */
export const normaliseRecoveryCode = (code: string): string => code.toLowerCase().replace(/[\s-]/g, '');
