import { afterAttempt, defaultPace } from './delivery';

const pace = { attempts: 4, firstPauseMs: 1000, maxPauseMs: 3000 };
const away = { kind: 'retriable', reason: 'smtp_unreachable' } as const;

test('waits twice as long each time, up to a limit, and then gives up with the last reason', () => {
  const steps = [1, 2, 3, 4].map((attempt) => afterAttempt(away, attempt, pace));
  expect(steps).toEqual([
    ...[1000, 2000, 3000].map((pauseMs) => ({ status: 'pending', reason: 'smtp_unreachable', pauseMs })),
    { status: 'failed', outcome: 'failed', reason: 'smtp_unreachable' },
  ]);
});

test('does not try again what was refused, or has nobody to go to', () => {
  expect(afterAttempt({ kind: 'refused', reason: 'smtp_550' }, 1, pace)).toEqual({
    ...{ status: 'failed', outcome: 'failed', reason: 'smtp_550' },
  });
  expect(afterAttempt({ kind: 'undeliverable', reason: 'account_gone' }, 1, pace)).toEqual({
    ...{ status: 'failed', outcome: 'undeliverable', reason: 'account_gone' },
  });
});

test('is sent once it is sent, at the last try too', () => {
  expect(afterAttempt({ kind: 'sent' }, 4, pace)).toEqual({ status: 'sent' });
});

test('unless told otherwise, outlasts a mail server that is away for a working morning', () => {
  let waited = 0;
  for (let attempt = 1; ; attempt++) {
    const step = afterAttempt(away, attempt, defaultPace);
    if (step.status !== 'pending') break;
    waited += step.pauseMs;
  }
  expect(waited / 3_600_000).toBeGreaterThan(6);
});
