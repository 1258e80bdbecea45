import type { Change } from '@platform/local/engine';

export type Properties = Record<string, unknown>;

/** One resource that changes. Every value in it may be shown to people. */
export interface ResourceChange {
  urn: string;
  type: string;
  /** What people call it: the name in the cluster where there is one, else the program's. */
  name: string;
  op: 'same' | 'create' | 'update' | 'replace' | 'delete';
  changes: Change[];
  /** Differences in fields that the program leaves to others: without effect on what exists. */
  ignored: Change[];
  /** True where the cluster differs although program and state agree: somebody else changed it. */
  drifted: boolean;
  /** What is wanted; empty for what is deleted. */
  inputs: Properties;
}

export interface PolicyFinding {
  policy: string;
  level: string;
  resource: string;
  message: string;
  notChecked: boolean;
}

/** What one preview of one stack found, whichever engine made it. */
export interface StackPreview {
  stack: string;
  resources: ResourceChange[];
  unchanged: number;
  /** Resources that are only written differently (`1000m` for `1`): an update without effect. */
  rewritten: number;
  findings: PolicyFinding[];
  errors: string[];
  notes: string[];
  /** Whether a server was asked what exists. */
  served: boolean;
  /** As the Pulumi CLI ends: 0 done, 1 program failed, 4 a resource is invalid, 5 a policy is violated. */
  exitCode: number;
}

export const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path of keys, undefined where there is none. */
export const at = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>(
    (found, key) =>
      Array.isArray(found) ? found[Number(key)] : isObject(found) ? found[String(key)] : undefined,
    value,
  );

/** `kubernetes:apps/v1:Deployment` → Deployment. */
export const kindOf = (type: string): string => type.split(':').at(-1) ?? type;

/** The last part of a URN: what the program calls the resource. */
export const nameInUrn = (urn: string): string => urn.split('::').slice(3).join('::');

export const nameOf = (urn: string, inputs: Properties): string => {
  const name = at(inputs, 'metadata', 'name');
  return typeof name === 'string' && name ? name : nameInUrn(urn);
};
