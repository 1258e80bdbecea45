import { messageIdOf, outcomeOf } from './smtp';

test.each([
  [{ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, 'refused', 'smtp_550'],
  [{ code: 'EMESSAGE', command: 'DATA', responseCode: 554 }, 'refused', 'smtp_554'],
  [{ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 450 }, 'retriable', 'smtp_450'],
  // About us, not about the recipient: a person mends it, and the mail is still wanted.
  [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 553 }, 'retriable', 'smtp_553'],
  [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, 'retriable', 'smtp_535'],
  [{ code: 'ETIMEDOUT' }, 'retriable', 'smtp_etimedout'],
  [{}, 'retriable', 'smtp_unknown'],
])('%j is %s', (error, kind, reason) => {
  expect(outcomeOf(error)).toEqual({ kind, reason });
});

test('a mail is known by the notification it is', () => {
  expect(messageIdOf('n-1', 'The Shop <orders@shop.example>')).toBe('<n-1@shop.example>');
  expect(messageIdOf('n-1', 'orders@shop.example')).toBe('<n-1@shop.example>');
});
