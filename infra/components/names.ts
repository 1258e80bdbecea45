// Names, labels and ranges: the vocabulary all components share.

export const partOf = 'ecommerce-platform';
export type Colour = 'blue' | 'green';
export const colours: readonly Colour[] = ['blue', 'green'];

/** @returns the name. @throws RangeError when it is over `limit` characters; it is never cut, because a name is an identity */
export function assertNameFits(name: string, limit = 63): string {
  if (name.length > limit) {
    throw new RangeError(
      `name "${name}" has ${name.length} characters, ${limit} are allowed; choose a shorter one`,
    );
  }
  return name;
}

/** @throws RangeError that names the field, the value and the bounds */
export function assertInRange(field: string, value: number, bounds: { min: number; max: number }): void {
  if (!Number.isInteger(value) || value < bounds.min || value > bounds.max) {
    throw new RangeError(
      `${field} is ${value}; a whole number from ${bounds.min} to ${bounds.max} is allowed`,
    );
  }
}

/** What a resource is part of, in Kubernetes' recommended labels; `app` is what selectors use. */
export function labelsOf(args: { app: string; component: string }): Record<string, string> {
  return {
    app: assertNameFits(args.app),
    'app.kubernetes.io/name': args.app,
    'app.kubernetes.io/component': args.component,
    'app.kubernetes.io/part-of': partOf,
    'app.kubernetes.io/managed-by': 'pulumi',
  };
}
