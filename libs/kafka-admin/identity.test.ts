import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectToken, takeRole } from './identity';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session/token+of=AWS',
};

describe('the token a broker takes', () => {
  const now = new Date('2026-01-02T03:04:05.678Z');
  const url = new URL(
    Buffer.from(connectToken(credentials, 'eu-central-1', now), 'base64url').toString('utf8'),
  );

  it('is a request to connect, for this region, for a quarter of an hour', () => {
    expect(url.origin).toBe('https://kafka.eu-central-1.amazonaws.com');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'kafka-cluster:Connect',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20260102/eu-central-1/kafka-cluster/aws4_request',
      'X-Amz-Date': '20260102T030405Z',
      'X-Amz-Expires': '900',
      'X-Amz-Security-Token': credentials.sessionToken,
      'X-Amz-SignedHeaders': 'host',
    });
  });

  it('is signed as AWS describes it', () => {
    // Computed by hand after AWS's description of version 4.
    expect(url.searchParams.get('X-Amz-Signature')).toBe(
      '30654b3f5736ccc811b531196cabaa7b5c5d41ff34e5699e61b405235e429dc6',
    );
  });

  it('shows no key', () => {
    expect(url.href).not.toContain(encodeURIComponent(credentials.secretAccessKey));
    expect(url.href).not.toContain(credentials.secretAccessKey);
  });
});

describe('the role of a pod', () => {
  const token = 'token.of.the.account';
  const folder = mkdtempSync(join(tmpdir(), 'kafka-admin-'));
  const tokenFile = join(folder, 'token');
  let server: Server;
  let answer: [status: number, body: string];
  let asked = '';

  beforeAll(async () => {
    writeFileSync(tokenFile, `${token}\n`);
    server = createServer((request, response) => {
      asked = '';
      request.on('data', (chunk) => {
        asked += chunk;
      });
      request.on('end', () => response.writeHead(answer[0]).end(answer[1]));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const take = () =>
    takeRole({
      ...{ roleArn: 'arn:aws:iam::111122223333:role/kafka-admin', tokenFile, region: 'eu-central-1' },
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    });

  it('is taken with the token of its service account', async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    answer = [
      200,
      `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <SessionToken>${sessionToken}</SessionToken><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
        <Expiration>2026-01-02T04:04:05Z</Expiration><AccessKeyId>${accessKeyId}</AccessKeyId>
      </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    ];
    expect(await take()).toEqual(credentials);
    expect(Object.fromEntries(new URLSearchParams(asked))).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: 'arn:aws:iam::111122223333:role/kafka-admin',
      WebIdentityToken: token,
    });
  });

  it.each([
    [403, '<Error><Code>AccessDenied</Code></Error>', /403 AccessDenied/, false],
    [503, '', /503/, true],
    [200, '<html></html>', /no credentials/, false],
  ])(
    'that is not given (%s) is an error that says why and shows no token',
    async (status, body, why, retriable) => {
      answer = [status, body];
      await expect(take()).rejects.toMatchObject({ message: expect.stringMatching(why), retriable });
      await expect(take()).rejects.toMatchObject({ message: expect.not.stringContaining(token) });
    },
  );
});
