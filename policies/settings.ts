// Levels, settings and waivers per environment, as the engine takes them: one JSON file each in settings/.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from './rule';
import { flawOf, hasExpired, type Waiver, waiversOf } from './waivers';

export type Level = 'mandatory' | 'advisory' | 'remediate' | 'disabled';
export const levels: Level[] = ['mandatory', 'advisory', 'remediate', 'disabled'];
type PackSettings = Record<string, Level | Record<string, unknown>>;

const folder = join(__dirname, 'settings');

/** Names of the environments that have settings of their own. */
export function environments(): string[] {
  const order = ['local', 'staging', 'production'];
  return readdirSync(folder)
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => name !== 'none')
    .sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** The settings file of an environment; of one without settings a file that sets nothing. */
export function settingsFile(environment: string): string {
  const file = join(folder, `${environment}.json`);
  return existsSync(file) ? file : join(folder, 'none.json');
}

export function readSettings(environment: string): PackSettings {
  return JSON.parse(readFileSync(settingsFile(environment), 'utf8'));
}

/** The level of a rule under these settings: its own wins over `all`, `all` over the rule's default. */
export function levelOf(rule: Pick<Rule, 'name' | 'level'>, settings: PackSettings): Level {
  const named = [settings[rule.name], settings.all].map((entry) =>
    typeof entry === 'object' ? (entry.enforcementLevel as Level | undefined) : entry,
  );
  return named.find((level) => level !== undefined) ?? rule.level;
}

export interface WaiverInForce extends Waiver {
  rule: string;
  /** why it does not count, if it does not */
  note?: string;
}

/** Every waiver of the settings, those that no longer count with the reason. */
export function waiversIn(settings: PackSettings, now: Date): WaiverInForce[] {
  return Object.entries(settings).flatMap(([rule, entry]) =>
    waiversOf(typeof entry === 'object' ? entry : {}).map((waiver) => {
      const flaw =
        flawOf(waiver) ?? (hasExpired(waiver as unknown as Waiver, now) ? 'has expired' : undefined);
      return { rule, ...(waiver as unknown as Waiver), ...(flaw && { note: flaw }) };
    }),
  );
}

/** What is wrong with settings as written: rules that do not exist, levels that are none, settings a rule does not have. */
export function flawsIn(settings: PackSettings, rules: Rule[]): string[] {
  return Object.entries(settings).flatMap(([name, entry]) => {
    const rule = rules.find((one) => one.name === name);
    if (!rule && name !== 'all') return [`there is no rule ${name}`];
    const { enforcementLevel, ...rest } =
      typeof entry === 'object' ? entry : ({ enforcementLevel: entry } as Record<string, unknown>);
    const known = ['waivers', ...Object.keys(rule?.settings ?? {})];
    return [
      ...(enforcementLevel === undefined || levels.includes(enforcementLevel as Level)
        ? []
        : [`${name}: ${enforcementLevel} is no level`]),
      ...Object.keys(rest)
        .filter((key) => !known.includes(key))
        .map((key) => `${name}: it has no setting ${key}`),
      ...waiversOf(rest).flatMap((waiver) => {
        const flaw = flawOf(waiver);
        return flaw ? [`${name}: a waiver ${flaw}`] : [];
      }),
    ];
  });
}
