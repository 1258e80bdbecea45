import { createLogger } from '@platform/libs/telemetry';
import { createRefresher } from './refresher';

const logger = createLogger('test', { level: 'silent' });

test('refreshes once for changes that come together, and what comes meanwhile after it', async () => {
  const refresh = jest.fn(async () => undefined);
  const refresher = createRefresher({ refresh }, logger);
  refresher.note('a', ['kitchen']);
  refresher.note('b', ['kitchen', 'garden']);
  await refresher.idle();
  expect(refresh.mock.calls).toEqual([
    [
      ['a', 'b'],
      ['kitchen', 'garden'],
    ],
  ]);
  refresher.note('c', ['toys']);
  await refresher.idle();
  expect(refresh).toHaveBeenLastCalledWith(['c'], ['toys']);
});

test('lets be what fails, and goes on', async () => {
  const refresh = jest.fn(async () => Promise.reject(new Error('no database')));
  const refresher = createRefresher({ refresh }, logger);
  refresher.note('a', []);
  await refresher.idle();
  refresher.note('b', []);
  await refresher.idle();
  expect(refresh).toHaveBeenCalledTimes(2);
});
