import * as pulumi from '@pulumi/pulumi';

/**
 * Base of all components: a type of our own, and one way to make children.
 *
 * Pulumi does not hand a component's `dependsOn` down to its children. `child` does, so that removal happens in reverse order too:
 * a service's pods go before the database they use.
 */
export abstract class Component extends pulumi.ComponentResource {
  private readonly after: pulumi.ComponentResourceOptions['dependsOn'];

  constructor(kind: string, name: string, options: pulumi.ComponentResourceOptions = {}) {
    // {} and not the arguments: they may hold secrets, and a component's inputs are shown.
    super(`ecommerce-platform:components:${kind}`, name, {}, options);
    this.after = options.dependsOn;
  }

  /** Options of a child; `more.dependsOn` is added to what the whole component waits for. */
  protected child(more: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
    return { ...more, parent: this, dependsOn: allOf(this.after, more.dependsOn) };
  }
}

type Dependencies = pulumi.ResourceOptions['dependsOn'];

const listed = (one: Dependencies): pulumi.Input<pulumi.Resource>[] => {
  if (one === undefined) return [];
  return Array.isArray(one) ? one : [one as pulumi.Input<pulumi.Resource>];
};

/** Several `dependsOn` as one. */
export const allOf = (...many: Dependencies[]): pulumi.Input<pulumi.Resource>[] => many.flatMap(listed);
