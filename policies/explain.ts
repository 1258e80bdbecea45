// The rules as a list, and one rule in full, for people and as data.
import { checklist } from './checklist';
import { controlNumbers } from './controls';
import type { Rule } from './rule';
import { rules } from './rules';
import { environments, levelOf, readSettings } from './settings';

export interface RuleFacts {
  name: string;
  item: string;
  title: string;
  controls: string;
  severity: Rule['severity'];
  /** by environment */
  levels: Record<string, string>;
  description: string;
  fix: string;
  /** whether the level `remediate` puts it right by itself */
  remediates: boolean;
  /** what may be set, with its meaning */
  settings: Record<string, string>;
}

export function factsOf(rule: Rule): RuleFacts {
  const { name, item, severity, description, fix } = rule;
  const levels = environments().map((environment) => [environment, levelOf(rule, readSettings(environment))]);
  const settings = Object.entries(rule.settings ?? {}).map(([key, setting]) => [key, setting.description]);
  return {
    ...{ name, item, severity, description, fix },
    title: checklist.find((one) => one.id === item)?.title ?? '',
    controls: controlNumbers(item),
    levels: Object.fromEntries(levels),
    remediates: rule.scope === 'resource' && rule.remediate !== undefined,
    settings: Object.fromEntries(settings),
  };
}

export const allFacts = (): RuleFacts[] => rules.map(factsOf);

/** The rule of this name, and the three that sound most like it, for the error message. */
export function findRule(name: string): { rule?: Rule; similar: string[] } {
  const rule = rules.find((one) => one.name === name);
  const words = name.split('-').filter((word) => word.length > 2);
  const shared = (other: string) => words.filter((word) => other.includes(word)).length;
  const similar = rules
    .map((one) => one.name)
    .filter((one) => shared(one) > 0)
    .sort((a, b) => shared(b) - shared(a))
    .slice(0, 3);
  return { ...(rule && { rule }), similar };
}

export function listText(facts: RuleFacts[]): string {
  const row = (cells: string[]) =>
    `${cells[0]?.padEnd(30)} ${cells[1]?.padEnd(9)} ${cells[2]?.padEnd(36)} ${cells[3]}`;
  const names = Object.keys(facts[0]?.levels ?? {});
  return [
    row(['rule', 'severity', 'checklist item', names.join(' / ')]),
    ...facts.map((one) => row([one.name, one.severity, one.item, Object.values(one.levels).join(' / ')])),
  ].join('\n');
}

export function explainText(facts: RuleFacts): string {
  const settings = Object.entries(facts.settings).map(([key, meaning]) => `  ${key}: ${meaning}`);
  return [
    `${facts.name} (${facts.severity})`,
    facts.description,
    '',
    `checklist  ${facts.item}: ${facts.title}`,
    `controls   ${facts.controls}`,
    `levels     ${Object.entries(facts.levels)
      .map(([name, level]) => `${name} ${level}`)
      .join(', ')}`,
    `fix        ${facts.fix}.`,
    ...(facts.remediates ? ['           With the level remediate it is put right by itself.'] : []),
    ...(settings.length ? ['settings', ...settings] : []),
  ].join('\n');
}
