import type { EngineResult } from '@platform/local/engine';
import { fromEngine, fromEvents } from './adapters';
import { format } from './format';
import { summarise } from './summary';

const secretOf = (value: string) => ({
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  value,
});
const urn = (type: string, name: string) => `urn:pulumi:staging::shop::${type}::${name}`;
const type = 'kubernetes:core/v1:Secret';

const step = (more: object) => ({
  ...{ urn: urn(type, 'keys'), type, name: 'keys', custom: true, op: 'update', changes: [], seconds: 0 },
  inputs: {},
  ...more,
});
const result = (resources: object[], more: Partial<EngineResult> = {}) =>
  ({
    ...{ resources, violations: [], diagnostics: [], outputs: {}, exitCode: 0, served: false },
    changes: { same: 0, create: 0, update: 0, replace: 0, delete: 0 },
    redact: (text: string) => text.replaceAll('MARKER', '[secret]'),
    ...more,
  }) as EngineResult;
const everyFormat = (found: EngineResult) =>
  (['markdown', 'text', 'json'] as const)
    .map((as) => format(summarise([fromEngine('staging', found)]), as))
    .join('\n');

describe('a preview of the embedded engine', () => {
  it('shows no secret in any format, marked or found again in plain text', () => {
    const written = everyFormat(
      result(
        [
          step({
            before: { data: { url: secretOf('old-MARKER') }, plain: 'was MARKER' },
            inputs: { data: { url: secretOf('new-MARKER') }, plain: 'is MARKER now', MARKER: 1 },
            changes: [{ path: 'data.url', kind: 'change', before: '[secret]', after: '[secret]' }],
          }),
          step({ op: 'create', urn: urn(type, 'other'), inputs: { metadata: { name: 'MARKER' } } }),
        ],
        {
          violations: [
            {
              ...{ policy: 'p', pack: 'k', packVersion: '1', level: 'mandatory', description: '' },
              ...{ message: 'found MARKER', urn: urn(type, 'keys'), notChecked: false },
            },
          ],
          diagnostics: [{ severity: 'error', message: 'cannot use MARKER' }],
        },
      ),
    );
    expect(written).not.toContain('MARKER');
    expect(written).toContain('data.url');
  });

  it('leaves components out and counts what is only written differently', () => {
    const limits = (cpu: string) => ({ spec: { limits: { cpu } } });
    const found = fromEngine(
      'staging',
      result([
        step({ custom: false, op: 'create' }),
        step({ before: limits('1'), inputs: limits('1000m') }),
        step({ op: 'same' }),
      ]),
    );
    expect(found).toMatchObject({ resources: [], unchanged: 1, rewritten: 1 });
  });

  it('takes what the server says where the server, not the program, differs', () => {
    const changes = [{ path: 'spec.replicas', kind: 'change', before: 9, after: 2 }];
    const found = fromEngine('staging', result([step({ found: 'update', before: {}, changes })]));
    expect(found.resources).toMatchObject([{ changes, drifted: true }]);
  });
});

describe('the event log of the pulumi CLI', () => {
  // Shapes of apitype.EngineEvent, as `--event-log` writes them.
  const pre = (op: string, name: string, more: object) => ({
    resourcePreEvent: { metadata: { op, urn: urn(type, name), type, detailedDiff: null, ...more } },
  });
  const state = (inputs: object, custom = true) => ({ custom, inputs });
  const log = [
    pre('same', 'still', { old: state({}), new: state({}) }),
    pre('update', 'changed', {
      old: state({ metadata: { name: 'in-cluster' }, a: 1, key: '[secret]' }),
      new: state({ metadata: { name: 'in-cluster' }, a: 2, key: '[secret]' }),
      detailedDiff: { a: { kind: 'update' }, key: { kind: 'update' } },
    }),
    pre('create-replacement', 'anew', { new: state({}) }),
    pre('replace', 'anew', { old: state({ b: 1 }), new: state({ b: 2 }) }),
    pre('delete-replaced', 'anew', { old: state({}) }),
    pre('delete', 'gone', { old: state({}) }),
    pre('create', 'component', { new: state({}, false) }),
    {
      policyEvent: {
        resourceUrn: urn(type, 'changed'),
        message: '<{%fg 1%}>is wrong.<{%reset%}>\n',
        ...{ policyName: 'rule', policyPackName: 'pack', enforcementLevel: 'warning' },
      },
    },
    { diagnosticEvent: { message: '<{%reset%}>no<{%reset%}>', severity: 'error', urn: urn(type, 'gone') } },
    { diagnosticEvent: { message: 'fleeting', severity: 'error', ephemeral: true } },
  ];

  it('gives the same kind of preview as the embedded engine', () => {
    const found = fromEvents('staging', log.map((event) => JSON.stringify(event)).join('\n'), 0);
    expect(
      found.resources.map(({ op, name, changes }) => [op, name, changes.map(({ path }) => path)]),
    ).toEqual([
      ['update', 'in-cluster', ['a', 'key']],
      ['replace', 'anew', ['b']],
      ['delete', 'gone', []],
    ]);
    expect(found.findings).toEqual([
      { policy: 'rule', level: 'advisory', resource: 'changed', message: 'is wrong.', notChecked: false },
    ]);
    expect(found).toMatchObject({ unchanged: 1, errors: ['gone: no'] });
  });

  it('that is empty, because the CLI failed before it began, is a preview of nothing', () => {
    expect(fromEvents('staging', '', 255)).toMatchObject({ resources: [], exitCode: 255 });
  });
});
