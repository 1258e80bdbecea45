import { createLogger, holdsCardNumber, maskPersonalData } from './logger';

const logged = (write: (logger: ReturnType<typeof createLogger>) => void): string => {
  const lines: string[] = [];
  write(
    createLogger('test', { level: 'info', destination: { write: (line: string) => void lines.push(line) } }),
  );
  return lines.join('');
};

test.each([
  ['mail to jane.doe+x@mail.example.org failed', 'mail to ***@*** failed'],
  ['postgres://order:hunter2@postgres:5432/order', 'postgres://***@postgres:5432/order'],
  ['card 4242 4242 4242 4242 declined', 'card ***card*** declined'],
  ['order 1234567890123 took 17 ms', 'order 1234567890123 took 17 ms'],
  ['order 0190f5a2-7c33-7b1e-9d2a-1234567890ab', 'order 0190f5a2-7c33-7b1e-9d2a-1234567890ab'],
])('masks %s', (text, masked) => {
  expect(maskPersonalData(text)).toBe(masked);
});

test.each([
  ['4242424242424242', true],
  ['pm_4242-4242 4242-4242', true],
  ['pm_1QZx8u2eZvKYlo2C', false],
  ['cnon:card-nonce-ok', false],
  ['0190f5a2-7c33-7b1e-9d2a-1234567890ab', false],
  ['4242424242424241', false],
])('knows whether %s holds a card number', (text, holds) => {
  expect(holdsCardNumber(text)).toBe(holds);
});

test('removes secrets by key and masks what errors carry', () => {
  const log = logged((logger) => {
    logger.info(
      { user: { password: 'marker-1', email: 'marker@x.org' }, headers: { authorization: 'marker-2' } },
      'a',
    );
    const error = Object.assign(new Error('duplicate key (marker@x.org)'), {
      detail: 'Key (email)=(marker@x.org) already exists.',
      parameters: ['marker-3'],
      code: '23505',
    });
    logger.error({ err: new Error('outer', { cause: error }) }, 'b');
  });
  expect(log).not.toContain('marker');
  expect(log).toContain('23505');
  expect(
    log
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).level),
  ).toEqual(['info', 'error']);
});
