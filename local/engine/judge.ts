import { KubeError } from './cluster';
import { isStrict, KubernetesProvider } from './kubernetes';
import { desired } from './objects';
import type { Goal, Resource } from './plan';
import type { Previewed } from './provider';
import { hasUnknown, type Properties, type Value } from './values';

/**
 * Previews against a cluster that is not the stack's own: its API server and admission webhooks judge the form of every object
 * under a stand-in place and name. What lives there is neither compared nor touched.
 */
export class KubernetesJudge extends KubernetesProvider {
  /** `apiVersion kind` of what that server has no definition of → how many objects. */
  readonly unjudged = new Map<string, number>();

  override async prefetch(): Promise<void> {}

  override async preview(goal: Goal, old: Resource | undefined): Promise<Previewed> {
    const outputs: Properties = { ...old?.outputs, ...goal.inputs };
    const body = desired(goal.inputs);
    try {
      await this.apply(await this.standIn(body, Boolean(body.metadata.namespace)), true);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.reason === 'UnknownKind') this.count(`${body.apiVersion} ${body.kind}`);
      // Values that do not exist yet fail checks of form; a misspelt field is a mistake all the same.
      else if (!hasUnknown(body as unknown as Value) || isStrict(error)) throw this.explained(error, body);
    }
    return { outputs };
  }

  private count(kind: string): void {
    this.unjudged.set(kind, (this.unjudged.get(kind) ?? 0) + 1);
  }

  /** One sentence about what was not judged, if anything. */
  get note(): string | undefined {
    if (this.unjudged.size === 0) return undefined;
    const kinds = [...this.unjudged].map(([kind, count]) => `${count} × ${kind}`).sort();
    return `The judging cluster has no definition of these, so no server has validated them: ${kinds.join(', ')}.`;
  }
}
