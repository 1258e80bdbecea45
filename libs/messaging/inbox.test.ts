import { inboxPart, inboxParts } from './inbox';

const at = (day: string) => new Date(`${day}T12:00:00Z`);

test('a part is a month of universal time, and the one after December is January', () => {
  expect(inboxPart(at('2026-12-31'), 1)).toEqual({
    name: 'inbox_2027_01',
    from: new Date('2027-01-01T00:00:00Z'),
    to: new Date('2027-02-01T00:00:00Z'),
  });
});

test.each([
  ['the first day', [], '2026-07-01', ['inbox_2026_07', 'inbox_2026_08']],
  ['a month later', ['inbox_2026_07', 'inbox_2026_08'], '2026-08-01', ['inbox_2026_09']],
  ['nothing to do', ['inbox_2026_07', 'inbox_2026_08'], '2026-07-31', []],
  ['months of standing still', ['inbox_2026_03'], '2026-07-31', ['inbox_2026_07', 'inbox_2026_08']],
])('there is a part to write to, and one for next month: %s', (_case, existing, today, made) => {
  expect(inboxParts(existing, at(today), 365).missing.map(({ name }) => name)).toEqual(made);
});

test.each([
  ['2026-08-14', []],
  ['2026-08-15', ['inbox_2026_07']],
])('a part goes once its last id is older than asked for: %s', (today, expired) => {
  const existing = ['inbox_2026_07', 'inbox_2026_08', 'inbox_2026_09'];
  expect(inboxParts(existing, at(today), 14).expired).toEqual(expired);
});

test('what is not one of ours stays', () => {
  expect(inboxParts(['inbox_archive', 'inbox_2020_13_copy'], at('2026-08-15'), 14).expired).toEqual([]);
});
