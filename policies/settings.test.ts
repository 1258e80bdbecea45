import { rules } from './rules';
import { environments, flawsIn, levelOf, readSettings, settingsFile, waiversIn } from './settings';

const waiver = { resource: 'Deployment/shop', owner: 'ann', ticket: 'T-1', expires: '2030-01-31' };

describe('the settings of an environment', () => {
  it.each(environments())(
    'of %s name only rules, levels and settings that exist, and whole waivers',
    (name) => {
      expect(flawsIn(readSettings(name), rules)).toEqual([]);
    },
  );

  it('are there for local, staging and production, and set nothing elsewhere', () => {
    expect(environments()).toEqual(['local', 'staging', 'production']);
    expect(readSettings('elsewhere')).toEqual({});
    expect(settingsFile('elsewhere')).toMatch(/none\.json$/);
  });

  it('make every rule mandatory in production', () => {
    const soft = rules.filter((rule) => levelOf(rule, readSettings('production')) !== 'mandatory');
    expect(soft.map((rule) => rule.name)).toEqual([]);
  });

  it('soften no rule of high or critical severity locally but those that one node cannot keep', () => {
    const soft = rules.filter(
      (rule) => /high|critical/.test(rule.severity) && levelOf(rule, readSettings('local')) !== 'mandatory',
    );
    expect(soft.map((rule) => rule.name).sort()).toEqual([
      'gateway-encrypted',
      'kafka-durable',
      'second-replica',
    ]);
  });

  it.each([
    ['a rule that does not exist', { nonsense: 'mandatory' as const }, /there is no rule nonsense/],
    ['a level that is none', { probes: { enforcementLevel: 'strict' } }, /probes: strict is no level/],
    ['a setting that the rule does not have', { probes: { labels: [] } }, /it has no setting labels/],
    [
      'a waiver without an owner',
      { probes: { waivers: [{ ...waiver, owner: '' }] } },
      /a waiver has no owner/,
    ],
    [
      'a waiver without a day',
      { probes: { waivers: [{ ...waiver, expires: 'never' }] } },
      /'never', which is no day/,
    ],
  ])('are refused with %s', (_, settings, words) => {
    expect(flawsIn(settings, rules).join()).toMatch(words);
  });

  it('take the level of the rule over that of all, and the default where neither is', () => {
    const rule = { name: 'probes', level: 'advisory' as const };
    expect(levelOf(rule, { all: 'mandatory', probes: 'disabled' })).toBe('disabled');
    expect(levelOf(rule, { all: 'mandatory', probes: { waivers: [] } })).toBe('mandatory');
    expect(levelOf(rule, {})).toBe('advisory');
  });

  it('say of each waiver whether it still counts', () => {
    const settings = { probes: { waivers: [waiver, { ...waiver, expires: '2020-01-31' }] } };
    expect(waiversIn(settings, new Date('2026-01-01')).map(({ rule, note }) => [rule, note])).toEqual([
      ['probes', undefined],
      ['probes', 'has expired'],
    ]);
  });
});
