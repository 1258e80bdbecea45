import { judgeCode, LOCK_MS, MAX_FAILURES, type SecondFactor } from './second-factor';

const now = new Date('2030-01-01T08:00:00Z');
const later = (ms: number) => new Date(now.getTime() + ms);
const fresh: SecondFactor = { confirmed: true, lastStep: 100, failures: 0 };

test('accepts the code of a step that is new', () => {
  expect(judgeCode({ ...fresh, failures: 3, failedAt: now }, 101, now)).toEqual({
    check: 'accepted',
    factor: { confirmed: true, lastStep: 101, failures: 0, failedAt: undefined },
  });
});

test.each([
  ['used before', 100],
  ['older than one used before', 99],
  ['of no step nearby', undefined],
])('refuses a code that is %s', (_case, step) => {
  expect(judgeCode(fresh, step, now)).toMatchObject({
    check: 'wrong',
    factor: { failures: 1, lastStep: 100 },
  });
});

test('looks at no code, right or wrong, after too many wrong ones, until the lock is over', () => {
  let factor = fresh;
  for (let i = 0; i < MAX_FAILURES; i++) ({ factor } = judgeCode(factor, undefined, now));
  expect(judgeCode(factor, 101, later(LOCK_MS - 1)).check).toBe('locked');
  expect(judgeCode(factor, 101, later(LOCK_MS)).check).toBe('accepted');
  expect(judgeCode(factor, undefined, later(LOCK_MS))).toMatchObject({ factor: { failures: 1 } });
});
