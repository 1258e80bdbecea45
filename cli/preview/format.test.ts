import fc from 'fast-check';
import { format, limit, marker } from './format';
import type { ResourceChange, StackPreview } from './model';
import { hasChanges, summarise } from './summary';

const deployment = (name: string, change: Partial<ResourceChange> = {}): ResourceChange => ({
  urn: `urn:pulumi:production::shop::kubernetes:apps/v1:Deployment::${name}`,
  type: 'kubernetes:apps/v1:Deployment',
  ...{ name, op: 'update', changes: [], ignored: [], drifted: false, inputs: {} },
  ...change,
});

const preview = (resources: ResourceChange[], more: Partial<StackPreview> = {}): StackPreview => ({
  ...{ stack: 'production', resources, unchanged: 3, rewritten: 0, findings: [] },
  ...{ errors: [], notes: [], exitCode: 0, served: false },
  ...more,
});

const image = (after: string) => [
  { path: 'spec.template.spec.containers[main].image', kind: 'change' as const, before: 'shop:1', after },
];
const markdown = (...previews: StackPreview[]) => format(summarise(previews), 'markdown');

describe('a summary', () => {
  it('says of the same change in many resources and environments one line', () => {
    const resources = ['order', 'user', 'product'].map((name) =>
      deployment(name, { changes: image('shop:2') }),
    );
    const lines = markdown(preview(resources), preview(resources, { stack: 'staging' })).split('\n');
    expect(lines.filter((line) => line.includes('shop:2'))).toEqual([
      '- Deployment ×3 `order`, `product`, `user`: `spec.template.spec.containers[main].image` `shop:1` → `shop:2`',
    ]);
  });

  it('names the environment of a line that does not hold for all', () => {
    const text = markdown(
      preview([deployment('order', { changes: image('shop:2') })]),
      preview([], { stack: 'staging' }),
    );
    expect(text).toContain('- production · Deployment `order`');
    expect(text).toContain('## Preview of 2 environments: 1 change');
  });

  it('puts what is replaced, deleted and exposed before everything else', () => {
    const text = markdown(
      preview(
        [
          deployment('changed', { changes: image('shop:2') }),
          deployment('fresh', { op: 'create' }),
          deployment('gone', { op: 'delete' }),
          deployment('anew', { op: 'replace', changes: image('shop:3') }),
          {
            ...deployment('open', { op: 'create' }),
            type: 'kubernetes:core/v1:Service',
            inputs: { spec: { type: 'LoadBalancer' } },
          },
        ],
        {
          findings: [
            {
              policy: 'image-pinned',
              level: 'mandatory',
              resource: 'changed',
              message: 'is not pinned. Fix: pin it',
              notChecked: false,
            },
          ],
        },
      ),
    );
    const places = [
      'Replaced',
      'Deleted',
      'Exposure',
      'Policies violated',
      'Cost-relevant',
      'Changed',
      'New',
    ].map((title) => text.search(new RegExp(`(### |<summary>)${title}`)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(text).toContain('`open`: reachable from outside: LoadBalancer');
    expect(text).toContain('| 1 violated |');
  });

  it('shows each change once, where it matters most', () => {
    const changes = [
      { path: 'spec.replicas', kind: 'change' as const, before: 2, after: 3 },
      { path: 'spec.minReadySeconds', kind: 'change' as const, before: 1, after: 2 },
    ];
    const { sections } = summarise([preview([deployment('order', { changes })])]);
    expect(sections.map(({ id, lines }) => [id, lines.length])).toEqual([
      ['cost', 1],
      ['changed', 1],
    ]);
  });

  it('tells two long values apart where they differ', () => {
    const value = (end: string) => `${'x'.repeat(200)}${end}`;
    const changes = [{ path: 'data', kind: 'change' as const, before: value('one'), after: value('two') }];
    const text = markdown(preview([deployment('a', { changes })]));
    expect(text).toContain('one`');
    expect(text).toContain('two`');
  });

  it('lets no text of others become mark-up, a mention or a new line', () => {
    const message = 'a <script> | @everyone `x` [link](http://a)\n## Title';
    const text = markdown(
      preview([deployment('a', { changes: image('`x`|y\n## z') })], {
        findings: [{ policy: 'p', level: 'mandatory', resource: 'r', message, notChecked: false }],
      }),
    );
    expect(text).not.toMatch(/[^\\]<script|@everyone|[^\\]\[link|^## (Title|z)/m);
    expect(text).toContain("`'x'¦y ## z`");
  });

  it('without changes says so and nothing else', () => {
    const text = markdown(preview([]));
    expect(text.startsWith(`${marker}\n## Preview of production: no changes\n`)).toBe(true);
    expect(text).not.toContain('###');
    expect(hasChanges(summarise([preview([])]))).toBe(false);
  });
});

describe('any summary', () => {
  const word = fc.string({ maxLength: 60 });
  const change = fc.record({
    path: word,
    kind: fc.constantFrom('add' as const, 'change' as const, 'remove' as const),
    before: fc.oneof(word, fc.integer()),
    after: fc.oneof(word, fc.integer()),
  });
  const resource = fc.record({
    urn: word.map((name) => `urn:pulumi:s::p::t::${name}`),
    type: fc.constantFrom(
      'kubernetes:apps/v1:Deployment',
      'kubernetes:core/v1:Service',
      'aws:rds/instance:Instance',
    ),
    name: word,
    op: fc.constantFrom('create', 'update', 'replace', 'delete'),
    changes: fc.array(change, { maxLength: 5 }),
    ignored: fc.array(change, { maxLength: 1 }),
    drifted: fc.constant(false),
    inputs: fc.constant({}),
  }) as fc.Arbitrary<ResourceChange>;
  const previews = fc.uniqueArray(
    fc.record({ stack: word, resources: fc.array(resource, { maxLength: 12 }) }),
    { selector: ({ stack }) => stack, maxLength: 3 },
  );
  const full = (items: { stack: string; resources: ResourceChange[] }[]) =>
    items.map(({ stack, resources }) => preview(resources, { stack }));

  it('does not depend on the order in which anything was found', () => {
    fc.assert(
      fc.property(previews, fc.integer(), (items, seed) => {
        const turn = <T>(list: T[]): T[] => {
          const by = list.length ? Math.abs(seed) % list.length : 0;
          return [...list.slice(by), ...list.slice(0, by)].reverse();
        };
        const turned = turn(items.map((item) => ({ ...item, resources: turn(item.resources) })));
        for (const as of ['markdown', 'text', 'json'] as const)
          expect(format(summarise(full(turned)), as)).toBe(format(summarise(full(items)), as));
      }),
    );
  });

  it.each(['markdown', 'text'] as const)('stays under the limit as %s and says what it cut', (as) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.string({ maxLength: 300 }), (count, noise) => {
        const resources = Array.from({ length: count }, (_, index) =>
          deployment(`${index}${noise}`, { changes: image(`${index}${noise}`) }),
        );
        const replaced = deployment('postgres', { op: 'replace', changes: image('shop:2') });
        const written = format(summarise([preview([...resources, replaced])]), as);
        expect(written.length).toBeLessThan(limit);
        expect(written).toContain('postgres');
        const listed = written.split('\n').filter((line) => /^- Deployment .*: .?spec/.test(line)).length;
        const cut = Number(/… (\d+) more lines were cut/.exec(written)?.[1] ?? 0);
        expect(listed + cut).toBe(count + 1);
      }),
      { numRuns: 20, endOnFailure: true, examples: [[600, 'x'.repeat(200)]] },
    );
  });
});
