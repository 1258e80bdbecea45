// The whole program in the engine, with the policy pack, without a cluster.
import { resolve } from 'node:path';
import { runProgram } from '@platform/local/engine';
import { loadCatalogue } from '../../infra/catalog/load';
import { settingsFile } from '../../policies/settings';

export const root = resolve(__dirname, '..', '..');

const imageNames = [
  ...loadCatalogue('local').map(({ name }) => `${name}-service`),
  ...[
    'postgres',
    'redis',
    'kafka',
    'consul',
    'payment-sandbox',
    'stripe-mock',
    'carriers-sandbox',
    'mail-sandbox',
  ],
];

/** What `platform up` passes for the local stack. */
export const localImages = {
  'ecommerce-platform:images': JSON.stringify(
    Object.fromEntries(
      imageNames.map((name) => [name, `localhost/ecommerce-platform/${name}:0123456789abcdef`]),
    ),
  ),
};

// biome-ignore lint/suspicious/noExplicitAny: rendered Kubernetes objects, looked into by path
export type Rendered = any;

export interface AwsResource {
  name: string;
  inputs: Rendered;
  /** Names of the resources a property is made of; a preview knows no more of ids and ARNs. */
  from(property: string): string[];
}

export const namesOf = (resources: AwsResource[]): string[] => resources.map(({ name }) => name).sort();

export const named = (resources: AwsResource[], name: string): AwsResource => {
  const found = resources.find((resource) => resource.name === name);
  if (!found) throw new Error(`there is no ${name}; there are ${namesOf(resources).join(', ')}`);
  return found;
};

const nameOf = (urn: string) => urn.split('::').at(-1) ?? '';

export class Stack {
  constructor(readonly result: Awaited<ReturnType<typeof runProgram>>) {}

  /** Inputs of every Kubernetes object of a kind. */
  all(kind: string): Rendered[] {
    return this.result.resources
      .filter(({ type }) => type.startsWith('kubernetes:') && type.endsWith(`:${kind}`))
      .map(({ inputs }) => inputs);
  }

  one(kind: string, name: string): Rendered {
    const found = this.all(kind).find(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`there is no ${kind} ${name}`);
    return found;
  }

  /** Resources of AWS by type, such as `rds/instance`. */
  aws(type: string): AwsResource[] {
    return this.result.resources
      .filter((resource) => resource.type.startsWith(`aws:${type}:`))
      .map(({ name, inputs, propertyDependencies = {} }) => ({
        name,
        inputs,
        from: (property) => (propertyDependencies[property] ?? []).map(nameOf),
      }));
  }

  /** Everything with a pod template. */
  workloads(): Rendered[] {
    return ['Deployment', 'StatefulSet', 'Job'].flatMap((kind) => this.all(kind));
  }

  errors(): string[] {
    return this.result.diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ message }) => message);
  }
}

export async function render(
  stack: string,
  options: { config?: Record<string, string>; policies?: boolean } = {},
): Promise<Stack> {
  const config = { ...(stack === 'local' ? localImages : {}), ...options.config };
  const policyPacks = options.policies === false ? [] : [resolve(root, 'policies')];
  const policyPackConfig = [settingsFile(stack)];
  return new Stack(await runProgram({ projectDir: root, stack, config, policyPacks, policyPackConfig }));
}
