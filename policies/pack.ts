// Ties rules to the engine's policy contract. Nothing here knows what a rule is about.
import type {
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from '@pulumi/policy';
import { checklist } from './checklist';
import { controlNumbers } from './controls';
import {
  type Finding,
  type Outcome,
  type Resource,
  type ResourceRule,
  type Rule,
  resourceOf,
  runResourceRule,
  runStackRule,
  type Settings,
  type StackRule,
  uncheckedMessage,
  violationMessage,
} from './rule';
import { judgeWaiver, waivedMessage, waiverSchema } from './waivers';

export type Clock = () => Date;

/** The engine's policy for a rule. `clock` decides which waivers have expired. */
export function policyOf(
  rule: Rule,
  clock: Clock = () => new Date(),
): ResourceValidationPolicy | StackValidationPolicy {
  const facts = {
    name: rule.name,
    description: rule.description,
    enforcementLevel: rule.level,
    severity: rule.severity,
    remediationSteps: rule.fix,
    configSchema: schemaOf(rule),
    framework: {
      name: 'security-checklist',
      version: 'R12',
      reference: rule.item,
      specification: `${checklist.find((item) => item.id === rule.item)?.title} (${controlNumbers(rule.item)})`,
    },
  };
  return rule.scope === 'resource'
    ? { ...facts, ...resourcePolicy(rule, clock) }
    : { ...facts, validateStack: stackPolicy(rule, clock) };
}

function schemaOf(rule: Rule): PolicyConfigSchema {
  return {
    properties: { waivers: waiverSchema, ...rule.settings } as unknown as PolicyConfigSchema['properties'],
  };
}

function resourcePolicy(rule: ResourceRule, clock: Clock) {
  const { remediate } = rule;
  return {
    validateResource(args: ResourceValidationArgs, report: ReportViolation) {
      const settings = args.getConfig<Settings>();
      tell(rule, runResourceRule(rule, viewOf(args), settings), settings, report, clock());
    },
    ...(remediate && {
      remediateResource(args: ResourceValidationArgs) {
        const resource = viewOf(args);
        if (!rule.matches(resource)) return undefined;
        // The engine's own wrapper keeps secrets secret on writing, and stops at what is unknown.
        remediate(args.props, resource);
        return args.props;
      },
    }),
  };
}

function stackPolicy(rule: StackRule, clock: Clock): StackValidationPolicy['validateStack'] {
  return (args, report) => {
    const settings = args.getConfig<Settings>();
    tell(rule, runStackRule(rule, args.resources.map(viewOf), settings), settings, report, clock());
  };
}

/**
 * Reports through the engine. A report that is an object may carry a level of its own: what could not be checked and what
 * is waived is shown, but stops nothing.
 */
function tell(rule: Rule, outcome: Outcome, settings: Settings, report: ReportViolation, now: Date): void {
  const say = (finding: Finding, message: string, level?: 'advisory') =>
    report(
      { message, urn: finding.resource.urn, ...(level && { enforcementLevel: level }) } as unknown as string,
      finding.resource.urn,
    );
  for (const finding of outcome.violations) {
    const verdict = judgeWaiver(finding, settings, now);
    if (verdict.state === 'waived') say(finding, waivedMessage(rule, finding, verdict.waiver), 'advisory');
    else say(finding, violationMessage(rule, finding, verdict.state === 'refused' ? verdict.note : ''));
  }
  for (const finding of outcome.unchecked) say(finding, uncheckedMessage(rule, finding), 'advisory');
}

function viewOf(resource: ResourceValidationArgs | PolicyResource): Resource {
  return resourceOf({
    type: resource.type,
    name: resource.name,
    urn: resource.urn,
    props: plain(resource.props),
    ignoreChanges: resource.opts.ignoreChanges,
    providerNamespace: providerNamespace(resource),
    references: referencesOf(resource),
  });
}

function referencesOf(resource: ResourceValidationArgs | PolicyResource): Record<string, string[]> {
  if (!('propertyDependencies' in resource)) return {};
  const references = Object.entries(resource.propertyDependencies);
  return Object.fromEntries(references.map(([key, targets]) => [key, targets.map((one) => one.urn)]));
}

function providerNamespace(resource: ResourceValidationArgs | PolicyResource): string | undefined {
  const props = plain(resource.provider?.props) as Record<string, unknown> | undefined;
  return typeof props?.namespace === 'string' ? props.namespace : undefined;
}

/**
 * The inputs without the engine's wrapper, which throws at the first unknown value and would end the whole rule there.
 * `Field` does the same value by value.
 */
function plain(props: Record<string, unknown> | undefined): unknown {
  return props?.__getSpecialProxyTarget ?? props;
}
