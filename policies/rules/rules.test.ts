import { checklist } from '../checklist';
import {
  type Outcome,
  type Rule,
  resourceOf,
  runResourceRule,
  runStackRule,
  violationMessage,
} from '../rule';
import { rules } from '.';
import { awsFixtures } from './aws.fixtures';
import { compliantAccount } from './aws.samples.fixtures';
import { awsAccountFixtures } from './aws-account.fixtures';
import { allowNothing, authorizationPolicy, guardFixtures, kafka, kafkaUser } from './guards.fixtures';
import { platformFixtures } from './platform.fixtures';
import { podFixtures } from './pods.fixtures';
import { compliantStack, deployment, everyOwner, patched, type Sample, UNKNOWN } from './samples.fixtures';

const fixtures = {
  ...podFixtures,
  ...platformFixtures,
  ...guardFixtures,
  ...awsFixtures,
  ...awsAccountFixtures,
};

function judge(rule: Rule, fixture: Sample | Sample[]): Outcome {
  const stack = (Array.isArray(fixture) ? fixture : [fixture]).map(resourceOf);
  const settings = fixtures[rule.name]?.settings;
  if (rule.scope === 'stack') return runStackRule(rule, stack, settings);
  const outcomes = stack.map((resource) => runResourceRule(rule, resource, settings));
  return {
    violations: outcomes.flatMap((one) => one.violations),
    unchecked: outcomes.flatMap((one) => one.unchecked),
  };
}

const wholeStack = () => [
  ...compliantStack(),
  ...[authorizationPolicy(), allowNothing(), kafka(), kafkaUser()],
  ...compliantAccount(),
];
const said = (rule: Rule, outcome: Outcome) => outcome.violations.map((one) => violationMessage(rule, one));

describe('the rules', () => {
  it('each have good, bad and unknown fixtures, and no fixtures are left without a rule', () => {
    expect(Object.keys(fixtures).sort()).toEqual(rules.map((rule) => rule.name).sort());
    const thin = Object.entries(fixtures).filter(
      ([, one]) => !one.good.length || !one.bad.length || !one.unknown.length,
    );
    expect(thin.map(([name]) => name)).toEqual([]);
  });

  it('have unique kebab-case names, a checklist item that exists, and say how to put things right', () => {
    const names = rules.map((rule) => rule.name);
    expect(new Set(names).size).toBe(names.length);
    const items = checklist.map((item) => item.id);
    for (const rule of rules) {
      expect(rule.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(items).toContain(rule.item);
      expect(rule.fix.length).toBeGreaterThan(15);
      expect(rule.fix).not.toMatch(/\.$/);
      expect(rule.description).toMatch(/\.$/);
    }
  });

  it('pass a compliant stack with every kind of workload, without leaving anything unchecked', () => {
    for (const rule of rules) {
      const outcome = judge(rule, wholeStack());
      expect([rule.name, said(rule, outcome), outcome.unchecked]).toEqual([rule.name, [], []]);
    }
  });

  it('judge the pods of every kind that owns them', () => {
    const podRules = rules.filter(
      (rule) => podFixtures[rule.name] && rule.name !== 'no-secret-in-config-map' && rule.name !== 'probes',
    );
    for (const rule of podRules) {
      for (const owner of everyOwner())
        expect(rule.scope === 'resource' && rule.matches(resourceOf(owner))).toBe(true);
    }
  });

  it('never repeat a secret in what they say', () => {
    for (const name of ['no-secret-in-env', 'no-secret-in-config-map']) {
      const rule = rules.find((one) => one.name === name) as Rule;
      for (const [bad] of fixtures[name]?.bad ?? []) {
        expect(said(rule, judge(rule, bad)).join()).not.toMatch(/hunter22|4eC39|q7Zt0/);
      }
    }
  });

  it('report what is known although something else in the same resource is not', () => {
    const rule = rules.find((one) => one.name === 'no-privilege-escalation') as Rule;
    const sample = deployment({
      'spec.template.spec.initContainers.0.securityContext': UNKNOWN,
      'spec.template.spec.containers.0.securityContext.allowPrivilegeEscalation': true,
    });
    const outcome = judge(rule, sample);
    expect(outcome.violations).toHaveLength(1);
    expect(outcome.unchecked.map((one) => one.path)).toEqual([
      'spec.template.spec.initContainers[0].securityContext',
    ]);
  });
});

describe.each(rules.map((rule) => [rule.name, rule] as const))('%s', (name, rule) => {
  const { good, bad, unknown } = fixtures[name] ?? { good: [], bad: [], unknown: [] };

  it('lets good resources pass', () => {
    for (const fixture of good) {
      const outcome = judge(rule, fixture);
      expect([said(rule, outcome), outcome.unchecked]).toEqual([[], []]);
    }
  });

  it('refuses bad resources with rule, item, path and fix', () => {
    for (const [fixture, words] of bad) {
      const messages = said(rule, judge(rule, fixture));
      expect(messages.join('\n')).toMatch(words);
      for (const message of messages) {
        expect(message.startsWith(`${rule.name} [${rule.item}] `)).toBe(true);
        expect(message).toContain(` at `);
        expect(message.endsWith(`. Fix: ${rule.fix}.`)).toBe(true);
      }
    }
  });

  it('reports what is unknown at preview as not checked, neither passed nor refused', () => {
    for (const fixture of unknown) {
      const outcome = judge(rule, fixture);
      expect(said(rule, outcome)).toEqual([]);
      expect(outcome.unchecked).not.toEqual([]);
    }
  });
});

describe('remediation', () => {
  const remedied = rules.flatMap((rule) => (rule.scope === 'resource' && rule.remediate ? [rule] : []));

  it.each(remedied.map((rule) => [rule.name, rule] as const))(
    '%s: makes the first bad resource pass',
    (name, rule) => {
      const [bad] = fixtures[name]?.bad[0] ?? [];
      const sample = structuredClone(bad as Sample);
      rule.remediate?.(sample.props, resourceOf(sample));
      expect(said(rule, judge(rule, sample))).toEqual([]);
    },
  );

  it.each(remedied.map((rule) => [rule.name, rule] as const))(
    '%s: leaves a compliant or unknown resource as it is',
    (_, rule) => {
      for (const sample of [deployment(), ...everyOwner(), patched(deployment(), { spec: UNKNOWN })]) {
        const before = structuredClone(sample.props);
        rule.remediate?.(sample.props, resourceOf(sample));
        expect(sample.props).toEqual(before);
      }
    },
  );
});
