// How a pod on EKS says to a broker of AWS who it is: it takes its role with the token Kubernetes gives it, and signs with that.
import { readFile } from 'node:fs/promises';
import { sign } from 'aws4';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

export interface PodRole {
  roleArn: string;
  /** File with the service account's token. */
  tokenFile: string;
  region: string;
  /** Address of the Security Token Service; the region's unless told. */
  endpoint?: string;
}

/** AWS did not give the role. Holds its code and reason, never a token. */
export class RoleRefused extends Error {
  readonly code = 'ROLE_REFUSED';
  constructor(
    reason: string,
    readonly retriable: boolean,
  ) {
    const what = retriable
      ? 'The next attempt may succeed.'
      : 'Does the role trust this service account, and does the annotation of the account name the role?';
    super(`AWS does not give this pod its role: ${reason}. ${what}`);
    this.name = 'RoleRefused';
  }
}

const tag = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];

/** @throws RoleRefused */
export async function takeRole({ roleArn, tokenFile, region, endpoint }: PodRole): Promise<Credentials> {
  const response = await fetch(endpoint ?? `https://sts.${region}.amazonaws.com/`, {
    method: 'POST',
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: roleArn,
      RoleSessionName: 'kafka-admin',
      WebIdentityToken: (await readFile(tokenFile, 'utf8')).trim(),
      DurationSeconds: '900',
    }),
    signal: AbortSignal.timeout(10_000),
  }).catch(({ cause, name }: Error) => {
    throw new RoleRefused((cause as Error | undefined)?.message ?? name, true);
  });
  const xml = await response.text();
  if (!response.ok) {
    const reason = `${response.status} ${tag(xml, 'Code') ?? ''}`.trim();
    throw new RoleRefused(reason, response.status >= 500 || response.status === 429);
  }
  const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(
    (name) => tag(xml, name),
  );
  if (accessKeyId && secretAccessKey && sessionToken) return { accessKeyId, secretAccessKey, sessionToken };
  throw new RoleRefused('the answer holds no credentials', false);
}

const secondsValid = 900;

/** What a broker takes in place of a password: a request to connect, signed with the role. */
export function connectToken(credentials: Credentials, region: string, now: Date): string {
  const host = `kafka.${region}.amazonaws.com`;
  const query = new URLSearchParams({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Date': now.toISOString().replace(/[-:]|\.\d+/g, ''),
    'X-Amz-Expires': String(secondsValid),
  });
  const { path } = sign(
    { host, region, service: 'kafka-cluster', signQuery: true, path: `/?${query}` },
    credentials,
  );
  return Buffer.from(`https://${host}${path}&User-Agent=ecommerce-platform`).toString('base64url');
}
