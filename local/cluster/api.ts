import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { LocalError } from '../errors';
import type { Cluster } from './cluster';

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [key: string]: unknown };
  [key: string]: unknown;
}

export interface Answer {
  status: number;
  body: string;
}

/** A client of the cluster's API server with the rights of its administrator. */
export interface Api {
  call(method: string, path: string, body?: string, contentType?: string): Promise<Answer>;
  /** The object or list at `path`, undefined when there is none. */
  get<T = KubernetesObject>(path: string): Promise<T | undefined>;
  /** Server-side apply: the same object twice changes nothing. */
  apply(object: KubernetesObject): Promise<void>;
  close(): void;
}

const fieldManager = 'ecommerce-platform-cluster';

export const connect = (cluster: Cluster, timeoutMs = 15_000): Api => {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 6,
    ca: readFileSync(cluster.data('pki', 'ca.crt')),
    cert: readFileSync(cluster.data('pki', 'admin.crt')),
    key: readFileSync(cluster.data('pki', 'admin.key')),
  });
  const resources = new Map<string, Promise<Map<string, { path: string; namespaced: boolean }>>>();

  const call: Api['call'] = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          ...{ agent, method, path, host: cluster.plan.nodeAddress, port: 6443, timeout: timeoutMs },
          headers: body ? { 'content-type': contentType, 'content-length': Buffer.byteLength(body) } : {},
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => {
            text += chunk;
          });
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
          incoming.on('error', reject);
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(
          new LocalError(`${method} ${path}: the API server gave no answer in ${timeoutMs / 1000} s`, {
            hint: 'The machine may be too busy: run the same again. Its log: platform cluster logs kube-apiserver',
            retriable: true,
          }),
        ),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  const failed = ({ status, body }: Answer, what: string) =>
    new LocalError(`${what}: the API server answered ${status} ${messageOf(body)}`, {
      hint: 'Look at it with: platform cluster logs kube-apiserver',
      retriable: status >= 500 || status === 429,
    });

  const get: Api['get'] = async <T>(path: string) => {
    const answer = await call('GET', path);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw failed(answer, `GET ${path}`);
    return JSON.parse(answer.body) as T;
  };

  // Which path a kind has is asked once per API version.
  const resourcesOf = (apiVersion: string) => {
    const known = resources.get(apiVersion);
    if (known) return known;
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const asked = get<{ resources: { name: string; kind: string; namespaced: boolean }[] }>(root).then(
      (list) =>
        new Map(
          (list?.resources ?? [])
            .filter(({ name }) => !name.includes('/'))
            .map(({ name, kind, namespaced }) => [kind, { path: `${root}|${name}`, namespaced }]),
        ),
    );
    asked.catch(() => resources.delete(apiVersion));
    resources.set(apiVersion, asked);
    return asked;
  };

  const pathOf = async ({ apiVersion, kind, metadata }: KubernetesObject) => {
    const resource = (await resourcesOf(apiVersion)).get(kind);
    if (!resource) {
      throw new LocalError(`The cluster does not know ${apiVersion} ${kind}`, {
        hint: 'Restart the cluster.',
      });
    }
    const [root, plural] = resource.path.split('|');
    const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${root}${namespace}/${plural}/${encodeURIComponent(metadata.name)}`;
  };

  const apply: Api['apply'] = async (object) => {
    const path = await pathOf(object);
    const wanted = await keepWebhookPolicy(object, () => get(path));
    const query = `?fieldManager=${fieldManager}&force=true&fieldValidation=Strict`;
    const answer = await call('PATCH', path + query, JSON.stringify(wanted), 'application/apply-patch+yaml');
    if (answer.status >= 300) throw failed(answer, `${object.kind} ${object.metadata.name}`);
  };

  return { call, get, apply, close: () => agent.destroy() };
};

const messageOf = (body: string) => {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body.slice(0, 300);
  } catch {
    return body.slice(0, 300);
  }
};

/** istiod hardens its webhooks once it serves them: applying the chart again must not soften them. */
const keepWebhookPolicy = async (
  object: KubernetesObject,
  existing: () => Promise<KubernetesObject | undefined>,
): Promise<KubernetesObject> => {
  if (!object.kind.endsWith('WebhookConfiguration') || !(await existing())) return object;
  const webhooks = (object.webhooks as Record<string, unknown>[]).map(({ failurePolicy, ...rest }) => rest);
  return { ...object, webhooks };
};
