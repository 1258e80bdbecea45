import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../errors';
import { type Cluster, KubeError, type KubeObject } from './cluster';
import { desired, essence, fieldManager, holds, isTouched, metadataOf, yieldIgnored } from './objects';
import { type Change, differences, type Goal, type Resource } from './plan';
import type { Made, Previewed, Provider, Watcher } from './provider';
import { needsWaiting, waitReady } from './readiness';
import { hasUnknown, type Properties, type Value } from './values';

const autonamed = 'pulumi.com/autonamed';
const applyType = 'application/apply-patch+yaml';

/** Changes that need a new object: the API refuses them in place, or the published provider replaces on them. */
const replacing: Record<string, string[]> = {
  ConfigMap: ['data', 'binaryData'],
  Secret: ['data', 'stringData', 'type'],
  Deployment: ['spec.selector'],
  StatefulSet: ['selector', 'serviceName', 'podManagementPolicy', 'volumeClaimTemplates'].map(
    (key) => `spec.${key}`,
  ),
  DaemonSet: ['spec.selector'],
  Job: ['spec.selector', 'spec.template', 'spec.completions', 'spec.completionMode'],
  PersistentVolumeClaim: ['accessModes', 'selector', 'storageClassName', 'volumeMode', 'volumeName'].map(
    (key) => `spec.${key}`,
  ),
  Pod: ['spec'],
  Service: ['spec.clusterIP'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  StorageClass: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
};
const identity = ['apiVersion', 'kind', 'metadata.name', 'metadata.namespace'];

const isImmutable = (error: unknown) =>
  error instanceof KubeError &&
  error.status === 422 &&
  /immutable|may not be changed|updates to .* are forbidden|Forbidden: updates/i.test(error.message);
export const isStrict = (error: unknown) =>
  error instanceof KubeError &&
  /unknown field|field not declared in schema|duplicate field/.test(error.message);
// A namespace or kind made a moment ago, or a webhook that is just starting: worth a few more tries.
const isEarly = (error: unknown) =>
  error instanceof KubeError &&
  (error.reason === 'UnknownKind' ||
    /namespaces? "[^"]*" not found/.test(error.message) ||
    /failed calling webhook|no endpoints available for service/.test(error.message) ||
    error.status === 429 ||
    error.status === 503);

/** Kubernetes objects by server-side apply. Without a cluster it previews from the inputs alone. */
export class KubernetesProvider implements Provider {
  private namespaces: Promise<Set<string>> | undefined;
  private readonly lists = new Map<string, Promise<Map<string, KubeObject>>>();

  constructor(
    private readonly cluster: Cluster | undefined,
    private readonly defaultNamespace = 'default',
    private readonly patienceMs = 60_000,
  ) {}

  /** Asks for what a preview will look at, while the program is still being loaded. */
  async prefetch(resources: Resource[]): Promise<void> {
    if (!this.cluster) return;
    const mine = resources.filter((resource) => resource.type.startsWith('kubernetes:') && resource.inputs);
    await Promise.allSettled([
      this.knownNamespaces(),
      ...mine.map(async (resource) => {
        const object = this.placed(desired(resource.inputs ?? {}));
        return this.listed(await this.path(object), object);
      }),
    ]);
  }

  check(goal: Goal, old: Resource | undefined): Properties {
    const [, module = '', kind = ''] = goal.type.split(':');
    if (/^(helm|yaml|kustomize)/.test(module) || /(Patch|List)$/.test(kind)) {
      throw new LocalError(`${goal.type} is not supported by the built-in engine`, {
        hint: 'Declare the objects one by one, or use the Pulumi CLI.',
      });
    }
    const metadata = metadataOf(goal.inputs);
    const apiVersion = goal.inputs.apiVersion ?? module.replace(/^core\//, '');
    const inputs = { ...goal.inputs, apiVersion, kind: goal.inputs.kind ?? kind };
    if (metadata.name || metadata.generateName) return inputs;
    const before = metadataOf(old?.inputs);
    const kept =
      (before.annotations as Properties | undefined)?.[autonamed] === 'true' ? before.name : undefined;
    const name = kept ?? `${goal.name}-${randomBytes(4).toString('hex')}`;
    const annotations = { ...(metadata.annotations as Properties), [autonamed]: 'true' };
    return { ...inputs, metadata: { ...metadata, annotations, name } };
  }

  limits(goal: Goal, old: Resource) {
    const [now, before] = [metadataOf(goal.inputs), metadataOf(old.inputs)];
    // The old object has to go first, unless the new one lives elsewhere. (A generated name is kept by check.)
    const fixedName = now.name === before.name && now.namespace === before.namespace;
    return { replacing: [...identity, ...(replacing[String(goal.inputs.kind)] ?? [])], fixedName };
  }

  async preview(
    goal: Goal,
    old: Resource | undefined,
    op: 'same' | 'create' | 'update' | 'replace',
  ): Promise<Previewed> {
    const known = old && op !== 'replace' ? { ...old.outputs, ...goal.inputs } : goal.inputs;
    if (!this.cluster) return { outputs: known };
    const body = this.placed(desired(goal.inputs));
    const blurred = hasUnknown(body as unknown as Value);
    try {
      const home = body.metadata.namespace;
      const homeless = !!home && !(await this.knownNamespaces()).has(home);
      const path = await this.path(body);
      const found = op === 'same' && !blurred ? await this.listed(path, body) : undefined;
      if (found && !isTouched(found) && holds(found, yieldIgnored(body, found, goal.ignoreChanges)))
        return { outputs: this.outputs(found) };
      const live = homeless || hasUnknown(body.metadata.name) ? undefined : await this.cluster.get(path);
      if (op === 'replace' || homeless) {
        await this.apply(await this.standIn(body, homeless), true);
        return { outputs: known };
      }
      const request = live ? yieldIgnored(body, live, goal.ignoreChanges) : body;
      const result = await this.apply(request, true);
      if (!live) return { outputs: known, ...(old ? { op: 'create' } : {}) };
      if (op === 'create' || op === 'update')
        return { outputs: op === 'create' ? known : this.outputs(result) };
      const changes: Change[] = differences(essence(live), essence(result));
      if (!changes.length) return { outputs: this.outputs(live) };
      return { outputs: this.outputs(result), op: 'update', changes };
    } catch (error) {
      if (isImmutable(error) && old) return { outputs: known, op: 'replace' };
      // Values that do not exist yet fail checks of form; a misspelt field is a mistake all the same.
      if (error instanceof KubeError && blurred && !isStrict(error)) return { outputs: known };
      throw this.explained(error, body);
    }
  }

  async create(goal: Goal, watcher: Watcher): Promise<Made> {
    const body = this.placed(desired(goal.inputs));
    const object = await this.patiently(() => this.apply(body, false), body, watcher.signal);
    return this.settled(object, watcher, goal.customTimeouts?.create);
  }

  async update(goal: Goal, _old: Resource, watcher: Watcher): Promise<Made> {
    const body = this.placed(desired(goal.inputs));
    const object = await this.patiently(
      async () => {
        const live = await this.need().get(await this.path(body));
        return this.apply(live ? yieldIgnored(body, live, goal.ignoreChanges) : body, false);
      },
      body,
      watcher.signal,
    );
    return this.settled(object, watcher, goal.customTimeouts?.update);
  }

  async delete(old: Resource, watcher: Pick<Watcher, 'detail' | 'signal'>): Promise<void> {
    const object = this.placed(
      desired({ ...old.inputs, metadata: { ...metadataOf(old.outputs), ...metadataOf(old.inputs) } }),
    );
    const what = `${object.kind} ${object.metadata.name}`;
    let path: string;
    try {
      path = await this.path(object);
      await this.need().request('DELETE', path, { body: { propagationPolicy: 'Foreground' } });
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return;
      throw this.explained(error, object);
    }
    if (object.metadata.annotations?.['pulumi.com/skipAwait'] === 'true') return;
    const uid = (metadataOf(old.outputs).uid ?? '') as string;
    const deadline = Date.now() + (old.customTimeouts?.delete ?? 600) * 1000;
    for (let pause = 100; ; pause = Math.min(pause * 1.5, 1500)) {
      const live = await this.need().get(path);
      if (!live || (uid && live.metadata.uid !== uid)) return;
      if (Date.now() > deadline) {
        const held = live.metadata.finalizers?.join(', ');
        throw new LocalError(`${what} is still being deleted${held ? `, held by ${held}` : ''}`, {
          hint: 'Look at what uses it; the next run waits for it again.',
          retriable: true,
        });
      }
      watcher.detail(`${what} is going`);
      await sleep(pause, undefined, { signal: watcher.signal });
    }
  }

  async adopt(resource: Resource): Promise<Made | undefined> {
    const object = this.placed(desired(resource.inputs ?? {}));
    const live = await this.path(object).then(
      (path) => this.need().get(path),
      () => undefined,
    );
    const mine = live?.metadata.managedFields?.some((entry) => entry.manager === fieldManager);
    return live && mine ? this.made(live) : undefined;
  }

  private need(): Cluster {
    if (this.cluster) return this.cluster;
    throw new LocalError('There is no cluster to change', {
      hint: 'Start the embedded cluster (platform cluster start), or name one with --context.',
    });
  }

  private placed(object: KubeObject): KubeObject {
    if (object.metadata?.namespace || this.defaultNamespace === 'default') return object;
    return { ...object, metadata: { ...object.metadata, namespace: this.defaultNamespace } };
  }

  private path(object: KubeObject): Promise<string> {
    const { apiVersion, kind, metadata } = object;
    return this.need().path({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name });
  }

  private knownNamespaces(): Promise<Set<string>> {
    this.namespaces ??= this.need()
      .list('/api/v1/namespaces')
      .then((found) => new Set(found.map((one) => one.metadata.name)));
    return this.namespaces;
  }

  /**
   * An object as it was when its neighbours were first asked for: one list instead of a request for each. For previews only; nothing
   * when it may not be listed.
   */
  private async listed(path: string, { apiVersion, kind, metadata }: KubeObject) {
    const of = path.slice(0, path.lastIndexOf('/'));
    const list =
      this.lists.get(of) ??
      this.need()
        .list(of)
        .then((items) => new Map(items.map((item) => [item.metadata.name, { ...item, apiVersion, kind }])))
        .catch(() => new Map<string, KubeObject>());
    this.lists.set(of, list);
    return (await list).get(metadata.name);
  }

  /** A body that can be tried where the real one cannot: its namespace does not exist yet, or its name is taken. */
  protected async standIn(body: KubeObject, homeless: boolean): Promise<KubeObject> {
    const name = homeless
      ? body.metadata.name
      : `${body.metadata.name.slice(0, 50)}-p${randomBytes(2).toString('hex')}`;
    const namespace = homeless ? 'default' : body.metadata.namespace;
    return { ...body, metadata: { ...body.metadata, name, ...(namespace ? { namespace } : {}) } };
  }

  protected async apply(body: KubeObject, dryRun: boolean): Promise<KubeObject> {
    const query = {
      fieldManager,
      force: 'true',
      fieldValidation: 'Strict',
      ...(dryRun ? { dryRun: 'All' } : {}),
    };
    const path = await this.path(body);
    return JSON.parse(
      await this.need().request('PATCH', path, { body, type: applyType, query }),
    ) as KubeObject;
  }

  private async patiently<T>(task: () => Promise<T>, body: KubeObject, signal: AbortSignal): Promise<T> {
    const deadline = Date.now() + this.patienceMs;
    for (let conflicts = 0; ; ) {
      try {
        return await task();
      } catch (error) {
        const conflict = error instanceof KubeError && error.status === 409 && conflicts++ < 10;
        if (!conflict && !(isEarly(error) && Date.now() < deadline)) throw this.explained(error, body);
        await sleep(conflict ? 50 : 1000, undefined, { signal });
      }
    }
  }

  private async settled(object: KubeObject, watcher: Watcher, timeout?: number): Promise<Made> {
    if (!needsWaiting(object)) return this.made(object);
    await watcher.made(await this.made(object));
    return this.made(await waitReady(this.need(), await this.path(object), object, watcher, timeout));
  }

  private async made(object: KubeObject): Promise<Made> {
    const { name, namespace } = object.metadata;
    return { id: namespace ? `${namespace}/${name}` : name, outputs: this.outputs(object) };
  }

  // The two marks are how the published provider remembers its field manager: it can take the state over.
  private outputs(object: KubeObject): Properties {
    const { managedFields, ...metadata } = object.metadata;
    const marks = { __fieldManager: fieldManager, __initialApiVersion: object.apiVersion };
    return { ...object, metadata, ...marks } as unknown as Properties;
  }

  /** Keeps the kind of error (a refusal leaves nothing behind), and says which object it is about. */
  protected explained(error: unknown, { kind, metadata }: KubeObject): unknown {
    if (!(error instanceof KubeError)) return error;
    const where = metadata.namespace ? `${metadata.namespace}/` : '';
    return new KubeError(error.status, error.reason, `${kind} ${where}${metadata.name}: ${error.message}`);
  }
}
