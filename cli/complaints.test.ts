import { complaints } from './complaints';

const line = (time: string, level: string, msg: string, reason?: string) =>
  JSON.stringify({
    ...{ level, time: `2026-01-01T${time}.000Z`, service: 'order-service', msg },
    ...(reason !== undefined && { err: { message: reason } }),
  });

describe('what services complained of', () => {
  it('is said once however often it was said, with how often and when', () => {
    const id = '7b0a2f64-3c0e-4f0f-9a51-0d9ad9b8a1c2';
    const log = [
      line('10:00:00', 'warn', 'trying again', 'order 17: no answer within 2000 ms'),
      line('10:00:01', 'error', `order ${id} is lost`),
      line('10:00:09', 'warn', 'trying again', 'order 4711: no answer within 2000 ms'),
    ];
    expect(complaints([log.join('\n')])).toEqual([
      '2 × 10:00:00–10:00:09 order-service warn: trying again: order <n>: no answer within <n> ms',
      '1 × 10:00:01–10:00:01 order-service error: order <id> is lost',
    ]);
  });

  it('leaves out what is no complaint, and what is no line of a log', () => {
    expect(complaints([`{"cut\nplain\n${line('10:00:00', 'info', 'listens')}`, ''])).toEqual([]);
  });

  it('is no longer than somebody reads', () => {
    const log = Array.from({ length: 26 }, (_, n) => {
      const letter = String.fromCharCode(97 + n);
      return `${line('10:00:00', 'warn', letter)}\n${line('10:00:00', 'warn', letter + letter)}`;
    });
    expect(complaints(log)).toHaveLength(41);
    expect(complaints(log).at(-1)).toBe('and 12 more');
  });
});
