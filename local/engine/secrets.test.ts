import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { createSecrets, openSecrets } from './secrets';

// Written against the published description of the format, not against this engine.
const published = (passphrase: string) => {
  const salt = randomBytes(8);
  const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, 'sha256');
  const seal = (text: string) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const body = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString('base64')}:${body.toString('base64')}`;
  };
  return { salt: `v1:${salt.toString('base64')}:${seal('pulumi')}`, seal };
};

describe('stack secrets', () => {
  const known = published('correct horse');

  it('open values made by the published format', async () => {
    expect((await openSecrets(known.salt, 'correct horse')).decrypt(known.seal('{"a":"ü"}'))).toBe(
      '{"a":"ü"}',
    );
  });

  it('say that the passphrase is wrong, and how to give it', async () => {
    await expect(openSecrets(known.salt, 'wrong')).rejects.toMatchObject({
      message: 'The passphrase of this stack is wrong',
      hint: expect.stringContaining('PULUMI_CONFIG_PASSPHRASE'),
    });
  });

  it('made anew can be opened again, never twice with the same text', async () => {
    const made = await createSecrets('new');
    const again = await openSecrets(made.salt, 'new');
    expect(again.decrypt(made.encrypt('x'))).toBe('x');
    expect(made.encrypt('x')).not.toBe(made.encrypt('x'));
  });

  it('refuse a damaged salt, a damaged value and a value of another stack', async () => {
    await expect(openSecrets('v1:abc', 'x')).rejects.toThrow('not in Pulumi');
    const own = await openSecrets(known.salt, 'correct horse');
    expect(() => own.decrypt('v2:a:b')).toThrow('not in Pulumi');
    expect(() => own.decrypt(published('other').seal('x'))).toThrow('cannot be decrypted');
  });
});
