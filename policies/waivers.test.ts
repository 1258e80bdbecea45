import { type Rule, resourceOf } from './rule';
import { rules } from './rules';
import { deployment } from './rules/samples.fixtures';
import { judgeWaiver, waivedMessage } from './waivers';

const rule = rules[0] as Rule;
const finding = { resource: resourceOf(deployment()), path: 'spec', problem: 'something is wrong' };
const waiver = {
  resource: 'Deployment/shop',
  owner: 'ann',
  ticket: 'T-1',
  expires: '2026-12-31',
  reason: 'being moved',
};
const judge = (change: object, now = '2026-12-31T12:00:00Z') =>
  judgeWaiver(finding, { waivers: [{ ...waiver, ...change }] }, new Date(now));

describe('a waiver', () => {
  it('counts for the resource it names, to the end of its last day', () => {
    expect(judge({}, '2026-12-31T23:59:59Z')).toEqual({ state: 'waived', waiver });
    for (const resource of ['shop', finding.resource.urn]) expect(judge({ resource }).state).toBe('waived');
    for (const resource of ['Deployment/cart', '*', 'sho', 'StatefulSet/shop'])
      expect(judge({ resource }).state).toBe('none');
  });

  it('is printed with its owner, ticket, last day and reason', () => {
    expect(waivedMessage(rule, finding, waiver)).toBe(
      'run-as-non-root [infrastructure/workload-hardening] waived until 2026-12-31 by ann, T-1: being moved (something is wrong at spec).',
    );
  });

  it('does not count once it has expired, and the violation says so', () => {
    expect(judge({}, '2027-01-01T00:00:00Z')).toEqual({
      state: 'refused',
      note: ' (the waiver T-1 of ann expired on 2026-12-31)',
    });
  });

  it.each([
    [{ owner: undefined }, 'has no owner'],
    [{ ticket: '' }, 'has no ticket'],
    [{ expires: undefined }, 'has no expires'],
    [{ expires: 'never' }, "has the expiry 'never'"],
    [{ expires: '2026-02-31' }, "has the expiry '2026-02-31'"],
  ])('does not count when it is incomplete: %j', (change, words) => {
    expect(judge(change)).toEqual({ state: 'refused', note: expect.stringContaining(words) });
  });

  it('counts when another one for the same resource is wrong', () => {
    const waivers = [{ ...waiver, expires: '2020-01-01' }, waiver];
    expect(judgeWaiver(finding, { waivers }, new Date('2026-06-01')).state).toBe('waived');
  });
});
