import { conflict, invalidRequest, Problem, unauthorized } from '@platform/libs/http';
import type { Refusal } from '../application/accounts';
import { passwordProblem } from '../domain/password';
import { LOCK_MS } from '../domain/second-factor';

const REFUSALS: Record<Refusal, [status: number, code: string, detail: string]> = {
  wrong: [401, 'wrong-credentials', 'The e-mail address or the password is wrong.'],
  'code-required': [401, 'code-required', 'This account has a second factor: send code as well.'],
  'code-wrong': [401, 'code-wrong', 'The code is wrong, or it was used before: wait for the next one.'],
  'code-locked': [429, 'code-locked', 'Too many wrong codes. Wait a quarter of an hour.'],
  locked: [403, 'account-locked', 'This account is locked. Write to the shop.'],
};

/** Why somebody was not let in, as they are told. `again`: they are logged in, so 401 would only make a client log in anew. */
export function refusalProblem(refusal: Refusal, { again = false } = {}): Problem {
  const [status, code, detail] = REFUSALS[refusal];
  if (status === 401) return again ? new Problem(403, { code, detail }) : unauthorized(code, detail);
  const headers = status === 429 ? { 'retry-after': String(LOCK_MS / 1000) } : undefined;
  return new Problem(status, { code, detail, headers });
}

/** @throws Problem 400 pointing at `pointer` when the password may not be chosen. */
export function demandGoodPassword(password: string, email: string, pointer: string): void {
  const problem = passwordProblem(password, email);
  if (problem) throw invalidRequest([{ in: 'body', pointer, detail: problem }]);
}

export const accountGone = () => unauthorized('account-gone', 'This account does not exist any more.');
export const sessionEnded = () =>
  unauthorized('session-ended', 'This session has ended: log in again with POST /v1/sessions.');
export const lastAdmin = () =>
  conflict('last-admin', 'This is the last administrator: make another one first.');
