import { createOffsets } from './offsets';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const recording = () => {
  const commit = jest.fn(async () => undefined);
  return { commit, offsets: createOffsets(commit) };
};

describe('offsets', () => {
  it('are sent together, the newest of each partition, a second after the first was done', () => {
    const { commit, offsets } = recording();
    offsets.done('orders', 0, '7');
    offsets.done('orders', 1, '3');
    offsets.done('orders', 0, '8');
    jest.advanceTimersByTime(999);
    expect(commit).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(commit.mock.calls).toEqual([
      [
        [
          { topic: 'orders', partition: 0, offset: '9' },
          { topic: 'orders', partition: 1, offset: '4' },
        ],
      ],
    ]);
    jest.advanceTimersByTime(10_000);
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('are sent at once before somebody leaves, and only once', async () => {
    const { commit, offsets } = recording();
    offsets.done('orders', 0, '7');
    await offsets.flush();
    await offsets.flush();
    jest.advanceTimersByTime(10_000);
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('are not sent for partitions that may be somebody else’s', () => {
    const { commit, offsets } = recording();
    offsets.done('orders', 0, '7');
    offsets.forget();
    jest.advanceTimersByTime(10_000);
    expect(commit).not.toHaveBeenCalled();
  });

  it('that are refused are no reason to fail', async () => {
    const commit = jest.fn(() => Promise.reject(new Error('the group is being shared out anew')));
    const offsets = createOffsets(commit);
    offsets.done('orders', 0, '7');
    await jest.advanceTimersByTimeAsync(1000);
    offsets.done('orders', 0, '8');
    await jest.advanceTimersByTimeAsync(1000);
    expect(commit).toHaveBeenCalledTimes(2);
  });
});
