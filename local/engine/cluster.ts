import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { parseDocument } from 'yaml';
import { LocalError } from '../errors';

/** What the API server said when it did not do what was asked. */
export class KubeError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** A Kubernetes object as the API sends it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
    finalizers?: string[];
    managedFields?: { manager: string; operation: string; subresource?: string; fieldsV1?: object }[];
    ownerReferences?: { uid: string; kind: string }[];
  };
  // biome-ignore lint/suspicious/noExplicitAny: every kind has its own shape; the API server is what checks it.
  [field: string]: any;
}

interface Entry {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: kubeconfig entries are checked where they are used.
  [part: string]: any;
}

export interface Access {
  server: string;
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer; servername?: string; rejectUnauthorized?: boolean };
  token?: string;
  basic?: string;
}

/** Reads one context of a kubeconfig, running its credential plugin if it has one. */
export const readKubeconfig = async (file: string, context?: string): Promise<Access> => {
  if (!existsSync(file)) {
    throw new LocalError(`The kubeconfig ${file} does not exist`, {
      hint: 'Start the embedded cluster, or name the kubeconfig of your own with --kubeconfig or --context.',
    });
  }
  const document = parseDocument(readFileSync(file, 'utf8'));
  const content = (document.errors.length ? {} : (document.toJS() ?? {})) as Record<string, Entry[]> & {
    'current-context'?: string;
  };
  const wanted = context ?? content['current-context'];
  const pick = (list: string, name: unknown) => content[list]?.find((entry) => entry.name === name);
  const chosen = pick('contexts', wanted)?.context;
  const cluster = pick('clusters', chosen?.cluster)?.cluster;
  const user = pick('users', chosen?.user)?.user ?? {};
  if (!cluster?.server) {
    const known = content.contexts?.map((entry) => entry.name).join(', ') || 'none';
    throw new LocalError(`The kubeconfig ${file} has no usable context "${wanted}"`, {
      hint: `It has: ${known}.`,
    });
  }
  const bytes = (holder: Record<string, string>, key: string): Buffer | undefined => {
    if (holder[`${key}-data`]) return Buffer.from(holder[`${key}-data`] as string, 'base64');
    return holder[key] ? readFileSync(resolve(dirname(file), holder[key])) : undefined;
  };
  let [cert, key] = [bytes(user, 'client-certificate'), bytes(user, 'client-key')];
  let token: string | undefined =
    user.token ?? (user.tokenFile && readFileSync(resolve(dirname(file), user.tokenFile), 'utf8').trim());
  if (user.exec) {
    const { command, args = [], env = [], apiVersion } = user.exec;
    const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
    const extra = Object.fromEntries(env.map((one: Entry) => [one.name, one.value]));
    const { stdout } = await promisify(execFile)(command, args, {
      env: { ...process.env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: 30_000,
    }).catch((cause) => {
      throw new LocalError(`The credential plugin ${command} failed`, { hint: 'Run it by hand.', cause });
    });
    const { status } = JSON.parse(stdout);
    token = status.token ?? token;
    if (status.clientCertificateData) cert = Buffer.from(status.clientCertificateData);
    if (status.clientKeyData) key = Buffer.from(status.clientKeyData);
  }
  return {
    server: cluster.server.replace(/\/$/, ''),
    tls: {
      ca: bytes(cluster, 'certificate-authority'),
      cert,
      key,
      servername: cluster['tls-server-name'],
      rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
    },
    token,
    basic: user.username ? Buffer.from(`${user.username}:${user.password}`).toString('base64') : undefined,
  };
};

interface ResourcePath {
  plural: string;
  namespaced: boolean;
}

/** A thin client of one API server. At most 16 requests run at once, over kept connections. */
export class Cluster {
  private readonly agent: Agent;
  private readonly kinds = new Map<string, Promise<Map<string, ResourcePath> | undefined>>();

  constructor(private readonly access: Access) {
    this.agent = new Agent({
      connections: 16,
      connect: { ...access.tls, timeout: 5_000 },
      keepAliveTimeout: 30_000,
    });
  }

  get server(): string {
    return this.access.server;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  async request(
    method: 'GET' | 'PATCH' | 'DELETE' | 'POST' | 'PUT',
    path: string,
    options: { body?: unknown; type?: string; query?: Record<string, string>; timeoutMs?: number } = {},
  ): Promise<string> {
    const { token, basic, server } = this.access;
    const query = options.query ? `?${new URLSearchParams(options.query)}` : '';
    const timeout = options.timeoutMs ?? 60_000;
    const response = await request(`${server}${path}${query}`, {
      method,
      dispatcher: this.agent,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      headers: {
        accept: 'application/json',
        ...(options.body ? { 'content-type': options.type ?? 'application/json' } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : basic ? { authorization: `Basic ${basic}` } : {}),
      },
      body: options.body ? JSON.stringify(options.body) : undefined,
    }).catch((cause: Error & { code?: string }) => {
      throw new LocalError(`The API server ${server} does not answer: ${cause.code ?? cause.message}`, {
        hint: 'Is the cluster running, and is this the right context?',
        retriable: true,
        cause,
      });
    });
    const text = await response.body.text();
    if (response.statusCode < 400) return text;
    let status: { reason?: string; message?: string } = {};
    try {
      status = JSON.parse(text);
    } catch {
      // Proxies and early start-up answer in plain text.
    }
    throw new KubeError(response.statusCode, status.reason ?? '', status.message ?? text.slice(0, 500));
  }

  async get<T = KubeObject>(path: string, query?: Record<string, string>): Promise<T | undefined> {
    try {
      return JSON.parse(await this.request('GET', path, { query })) as T;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(path: string, query?: Record<string, string>): Promise<KubeObject[]> {
    return (await this.get<{ items: KubeObject[] }>(path, query))?.items ?? [];
  }

  /** Where objects of a kind live, or undefined when this cluster does not know the kind. Asked once per group. */
  async find(apiVersion: string, kind: string, again = false): Promise<ResourcePath | undefined> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    if (again) this.kinds.delete(base);
    let known = this.kinds.get(base);
    if (!known) {
      known = this.get<{ resources: { name: string; kind: string; namespaced: boolean }[] }>(base).then(
        (found) =>
          found &&
          new Map(
            found.resources
              .filter((resource) => !resource.name.includes('/'))
              .map(({ kind, name, namespaced }) => [kind, { plural: name, namespaced }]),
          ),
      );
      known.catch(() => this.kinds.delete(base));
      this.kinds.set(base, known);
    }
    return (await known)?.get(kind);
  }

  /** The path of one object, or of all of its kind when `name` is left out. */
  async path(object: {
    apiVersion: string;
    kind: string;
    namespace?: string;
    name?: string;
  }): Promise<string> {
    const { apiVersion, kind, namespace = 'default', name } = object;
    const found = (await this.find(apiVersion, kind)) ?? (await this.find(apiVersion, kind, true));
    if (!found) {
      throw new KubeError(
        404,
        'UnknownKind',
        `this cluster does not know ${apiVersion} ${kind}; is its add-on installed?`,
      );
    }
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const scope = found.namespaced ? `/namespaces/${namespace}` : '';
    return `${base}${scope}/${found.plural}${name ? `/${name}` : ''}`;
  }
}
