import type { StackPreview } from './model';
import { driftOf } from './run';

const resource = (name: string, drifted: boolean): StackPreview['resources'][number] => ({
  ...{ urn: `urn:pulumi:s::p::t::${name}`, type: 'kubernetes:core/v1:Service', name, op: 'update', drifted },
  ...{ changes: [{ path: 'spec', kind: 'change', before: 1, after: 2 }], ignored: [], inputs: {} },
});
const preview = (more: Partial<StackPreview>): StackPreview => ({
  ...{ stack: 'staging', resources: [], unchanged: 0, rewritten: 0, findings: [], errors: [], notes: [] },
  ...{ exitCode: 0, served: true },
  ...more,
});

describe('drift', () => {
  it('is what the cluster has otherwise, without what the program itself changes', () => {
    const found = driftOf(preview({ resources: [resource('by-hand', true), resource('by-program', false)] }));
    expect(found.preview.resources.map(({ name }) => name)).toEqual(['by-hand']);
    expect(found.preview.notes.join()).toContain('1 resources differ from the program itself');
    expect(found.exitCode).toBe(7);
  });

  it('is none where only the program changed, and not hidden by a policy that is violated', () => {
    expect(driftOf(preview({ resources: [resource('by-program', false)], exitCode: 5 })).exitCode).toBe(0);
    expect(driftOf(preview({ resources: [resource('by-hand', true)], exitCode: 5 })).exitCode).toBe(7);
  });

  it('is not known where no cluster answered: that is an error, never "none"', () => {
    expect(() => driftOf(preview({ served: false }))).toThrow('No cluster has said what exists');
  });

  it('is not known where the program failed', () => {
    expect(driftOf(preview({ exitCode: 1 })).exitCode).toBe(1);
  });
});
