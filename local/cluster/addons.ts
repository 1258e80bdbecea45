import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run } from '../exec';
import { cacheDir } from '../paths';
import type { Api, KubernetesObject } from './api';
import type { Cluster } from './cluster';
import { hashOf, readJson, writeJson } from './files';

const folder = join(__dirname, 'addons');

/** Fills `${name}` in a manifest. A name without a value is a mistake of ours and throws. */
export const fill = (template: string, values: Record<string, string>): string =>
  template.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for \${${name}}`);
    return value;
  });

export const parseObjects = (yaml: string): KubernetesObject[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object): object is KubernetesObject => Boolean(object?.kind));

const manifest = (file: string, values: Record<string, string>) =>
  parseObjects(fill(readFileSync(join(folder, file), 'utf8'), values));

const namespaceObject = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'ecommerce-platform' } },
});

/** The official charts, rendered. Rendering and parsing take seconds, so the result is cached by what went in. */
const istioObjects = async (
  cluster: Cluster,
  values: Record<string, string>,
): Promise<KubernetesObject[]> => {
  const charts = cluster.tools['istio-charts']!;
  const istiodValues = fill(readFileSync(join(folder, 'istiod.values.yaml'), 'utf8'), values);
  const cache = cacheDir('cluster', `istio-${hashOf('1', charts, istiodValues)}.json`);
  const cached = readJson<KubernetesObject[]>(cache);
  if (cached) return cached;
  const render = async (release: string, chart: string, settings: string) => {
    const args = [
      'template',
      release,
      join(charts, chart),
      '--namespace',
      'istio-system',
      '--include-crds',
      '--values',
      '-',
    ];
    const { stdout } = await run(cluster.tools.helm!, args, {
      input: settings,
      hint: 'Rendering the Istio charts failed.',
    });
    return parseObjects(stdout);
  };
  const objects = [
    ...(await render('istio-base', 'base', 'defaultRevision: default\n')),
    ...(await render('istiod', 'istio-control/istio-discovery', istiodValues)),
  ];
  writeJson(cache, objects);
  return objects;
};

type Tree = { [key: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** A definition's schema without its prose, which is most of its size: servers keep and compile every byte of it. */
export const withoutProse = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      // A property that is called so is an object, prose is a text.
      .filter(([key, inner]) => key !== 'description' || typeof inner !== 'string')
      .map(([key, inner]) => [key, withoutProse(inner)]),
  );
};

/** What the folders hold of resource definitions. Reading megabytes of YAML takes seconds, so the result is cached. */
const operatorDefinitions = (folders: string[]): KubernetesObject[] => {
  if (folders.length === 0) return [];
  const cache = cacheDir('cluster', `definitions-${hashOf('1', ...folders)}.json`);
  const cached = readJson<KubernetesObject[]>(cache);
  if (cached) return cached;
  const files = folders.flatMap((from) => readdirSync(from).map((file) => join(from, file)));
  const objects = files
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseObjects(readFileSync(file, 'utf8')))
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .map((object) => withoutProse(object) as KubernetesObject);
  writeJson(cache, objects);
  return objects;
};

/**
 * Everything the platform expects of a cluster beyond Kubernetes itself. `images`: references by image name; `definitions`:
 * folders with resource definitions of operators that do not run here.
 */
export const addonObjects = async (
  cluster: Cluster,
  images: Record<string, string>,
  definitions: string[],
): Promise<KubernetesObject[]> => {
  const values: Record<string, string> = {
    dnsAddress: cluster.plan.dns,
    gatewayConcurrency: '2',
    ...Object.fromEntries(Object.entries(images).map(([name, reference]) => [variableOf(name), reference])),
  };
  return [
    namespaceObject('istio-system'),
    namespaceObject('istio-ingress'),
    ...manifest('storage.yaml', values),
    ...manifest('coredns.yaml', values),
    ...(await istioObjects(cluster, values)),
    ...manifest('gateway.yaml', values),
    ...(images['metrics-server'] ? manifest('metrics-server.yaml', values) : []),
    ...operatorDefinitions(definitions),
  ];
};

/** `istio-pilot` is `${istioPilotImage}` in the manifests. */
const variableOf = (image: string) =>
  `${image.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Image`;

// Kinds others stand on go first; the rest in any order.
const first = ['Namespace', 'CustomResourceDefinition', 'ServiceAccount', 'ConfigMap'];

/** Objects in groups that may each be applied at once. */
export const applyOrder = (objects: KubernetesObject[]): KubernetesObject[][] =>
  [
    ...first.map((kind) => objects.filter((object) => object.kind === kind)),
    objects.filter((object) => !first.includes(object.kind)),
  ].filter((group) => group.length > 0);

export const applyObjects = async (api: Api, objects: KubernetesObject[]): Promise<void> => {
  for (const group of applyOrder(objects)) await Promise.all(group.map((object) => api.apply(object)));
};

const noteName = 'platform-add-ons';

/**
 * Applies the add-ons. Istio's resource definitions are most of the work and nobody edits them, so they are only
 * applied when they are others than last time; a note in the cluster remembers.
 */
export const applyAddons = async (api: Api, objects: KubernetesObject[]): Promise<void> => {
  const isDefinition = ({ kind }: KubernetesObject) => kind === 'CustomResourceDefinition';
  const definitions = hashOf(JSON.stringify(objects.filter(isDefinition)));
  const note = await api.get(`/api/v1/namespaces/kube-system/configmaps/${noteName}`);
  const known = (note?.data as Record<string, string> | undefined)?.definitions === definitions;
  await applyObjects(
    api,
    objects.filter((object) => !known || !isDefinition(object)),
  );
  if (known) return;
  await api.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: noteName, namespace: 'kube-system' },
    data: { definitions },
  });
};
