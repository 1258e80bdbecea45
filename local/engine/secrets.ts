import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { LocalError } from '../errors';

// Pulumi's passphrase format: values are `v1:<nonce>:<ciphertext and tag>` (AES-256-GCM, base64); the stack's salt is
// `v1:<salt>:<the word pulumi, encrypted>`, so that a wrong passphrase shows at once.
const rounds = 1_000_000;
const derive = promisify(pbkdf2);

export interface Crypter {
  /** The stack's salt line, as it stands in the stack file (`encryptionsalt`) and in the state. */
  salt: string;
  encrypt(text: string): string;
  decrypt(sealed: string): string;
}

const damaged = (what: string) =>
  new LocalError(`${what} is not in Pulumi's passphrase format (v1:…)`, {
    hint: 'Restore the line from version control, or encrypt the value again.',
  });

const withKey = (salt: string, key: Buffer): Crypter => ({
  salt,
  encrypt(text) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString('base64')}:${sealed.toString('base64')}`;
  },
  decrypt(sealed) {
    const [version, nonce, body, ...rest] = sealed.split(':');
    if (version !== 'v1' || !nonce || !body || rest.length) throw damaged('A secret value');
    const bytes = Buffer.from(body, 'base64');
    try {
      const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'));
      cipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]).toString('utf8');
    } catch (cause) {
      throw new LocalError('A secret value cannot be decrypted with the passphrase of this stack', {
        hint: 'Was it copied from another stack? Encrypt it again with the passphrase of this one.',
        cause,
      });
    }
  },
});

/** Opens the secrets of a stack whose salt line exists. Throws when the passphrase is wrong. */
export const openSecrets = async (salt: string, passphrase: string): Promise<Crypter> => {
  const [version, saltText, ...check] = salt.split(':');
  if (version !== 'v1' || !saltText || check.length !== 3) throw damaged('The encryption salt of the stack');
  const key = await derive(passphrase, Buffer.from(saltText, 'base64'), rounds, 32, 'sha256');
  const crypter = withKey(salt, key);
  try {
    if (crypter.decrypt(check.join(':')) === 'pulumi') return crypter;
  } catch {
    // Falls through: a check text that does not open means the passphrase is wrong.
  }
  throw new LocalError('The passphrase of this stack is wrong', {
    hint: 'Set PULUMI_CONFIG_PASSPHRASE (or PULUMI_CONFIG_PASSPHRASE_FILE) to the one it was encrypted with.',
  });
};

/** Secrets for a stack that has none yet: a new salt, checked by the given passphrase from now on. */
export const createSecrets = async (passphrase: string): Promise<Crypter> => {
  const salt = randomBytes(8);
  const key = await derive(passphrase, salt, rounds, 32, 'sha256');
  return withKey(`v1:${salt.toString('base64')}:${withKey('', key).encrypt('pulumi')}`, key);
};
