import { explainText, factsOf, findRule, listText } from './explain';
import { markdown, reportOf, type Verdict } from './report';
import { type Rule, resourceOf, violationMessage } from './rule';
import { rules } from './rules';
import { waivedMessage } from './waivers';

const rule = rules.find((one) => one.name === 'no-host-namespaces') as Rule;
const resource = resourceOf({ type: 'kubernetes:apps/v1:Deployment', name: 'shop', props: {} });
const finding = { resource, path: 'spec', problem: 'hostPID is on' };
const verdict = (message: string, more: Partial<Verdict> = {}): Verdict => ({
  ...{ policy: rule.name, level: 'mandatory', urn: resource.urn, notChecked: false, message },
  ...more,
});
const waiver = { resource: 'Deployment/shop', owner: 'ann', ticket: 'T-1', expires: '2030-01-31' };
const judgement = {
  stack: 'production',
  resources: 7,
  at: '2026-01-01T00:00:00.000Z',
  waivers: [{ rule: rule.name, ...waiver }],
  verdicts: [
    verdict(violationMessage(rule, finding)),
    verdict(waivedMessage(rule, finding, waiver), { level: 'advisory' }),
    verdict("can't run", { level: 'advisory', notChecked: true }),
  ],
};

describe('the report', () => {
  it('has the 25 items with state, controls, rules and evidence', () => {
    const report = reportOf();
    expect(report.items).toHaveLength(25);
    expect(report.complete).toBe(report.items.filter((item) => item.state === 'complete').length);
    expect(report.items.flatMap((item) => item.rules).sort()).toEqual(rules.map((one) => one.name).sort());
    expect(
      report.items.find((item) => item.id === 'authentication/mfa')?.controls?.['PCI DSS 4.0.1'],
    ).toContain('8.4.2');
  });

  it('counts violations, waived ones and what was not checked apart, per item', () => {
    const item = reportOf(judgement).items.find((one) => one.id === rule.item);
    expect(item?.judged).toEqual({ violations: 1, waived: 1, notChecked: 1 });
  });

  it('prints verdicts and waivers with owner, ticket and end', () => {
    const text = markdown(reportOf(judgement));
    expect(text).toContain('A preview of production on 2026-01-01T00:00:00.000Z: 7 resources');
    expect(text).toContain('| `infrastructure/workload-hardening` | 1 | 1 | 1 |');
    expect(text).toContain(
      '- [mandatory] no-host-namespaces [infrastructure/workload-hardening] hostPID is on',
    );
    expect(text).toContain('- `no-host-namespaces` for Deployment/shop, until 2030-01-31, ann, T-1');
  });
});

describe('a rule', () => {
  it('is explained with item, controls, levels and fix', () => {
    const text = explainText(factsOf(rule));
    expect(text).toContain('no-host-namespaces (critical)');
    expect(text).toContain('infrastructure/workload-hardening: Workload hardening');
    expect(text).toContain('PCI DSS 4.0.1 2.2.1');
    expect(text).toContain('production mandatory');
    expect(text).toContain(`${rule.fix}.`);
  });

  it('is listed in a line', () => {
    expect(listText([factsOf(rule)]).split('\n')).toHaveLength(2);
  });

  it('that is misspelt is answered by those that sound like it', () => {
    expect(findRule('host-namespace').similar).toContain('no-host-namespaces');
    expect(findRule('host-namespace').rule).toBeUndefined();
  });
});
