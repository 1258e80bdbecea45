import { UpstreamError } from '@platform/libs/resilience';
import type { Parcel } from '../domain/packing';
import { asFailure, createTokens, Refused, refusalOf, tokenOf } from './carrierClient';
import { dateOf, imperial, instantOf, metric } from './measures';

describe('a token', () => {
  const issuer = (expiresIn = 600) => {
    let now = 0;
    let issued = 0;
    const fetchToken = jest.fn(async () => ({ value: `t${++issued}`, expiresIn }));
    const tokens = createTokens(fetchToken, () => now);
    return {
      ...{ tokens, fetchToken },
      wait: (seconds: number) => {
        now += seconds * 1000;
      },
    };
  };

  it('is fetched once for all who wait, kept, and replaced before it ends', async () => {
    const { tokens, fetchToken, wait } = issuer();
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(['t1', 't1']);
    wait(539);
    expect(await tokens.get()).toBe('t1');
    wait(1);
    expect(await tokens.get()).toBe('t2');
    expect(fetchToken).toHaveBeenCalledTimes(2);
  });

  it('is fetched again after a failure, and once it was dropped', async () => {
    const { tokens, fetchToken } = issuer();
    fetchToken.mockRejectedValueOnce(new Error('away'));
    await expect(tokens.get()).rejects.toThrow('Nothing was sent');
    expect(await tokens.get()).toBe('t1');
    tokens.drop();
    expect(await tokens.get()).toBe('t2');
  });

  it('that is refused means that our set-up is wrong; one that cannot be had, that nothing was sent', async () => {
    const failing = async (work: () => Promise<never>) =>
      asFailure(
        await createTokens(work)
          .get()
          .catch((error) => error),
      );
    const refused = async () => tokenOf({ status: 401, body: {} }, () => ({}) as never);
    expect(await failing(refused)).toEqual({ kind: 'misconfigured', error: 'token_refused_401' });
    const away = async () => {
      throw new UpstreamError('ups', 'answered 503', true, 503);
    };
    expect(await failing(away)).toEqual({ kind: 'retriable', error: 'token_unavailable' });
  });
});

describe('what a failed request says', () => {
  const upstream = (status?: number, mayHaveArrived?: boolean) =>
    new UpstreamError('ups', 'failed', true, status, { mayHaveArrived });
  it.each([
    ['the carrier is busy', upstream(429), { kind: 'retriable', error: 'rate_limited' }],
    ['it never arrived', upstream(undefined, false), { kind: 'retriable', error: 'not_reached' }],
    ['no answer came', upstream(), { kind: 'unknown', error: 'no_answer' }],
    ['the carrier failed', upstream(502), { kind: 'unknown', error: 'http_502' }],
    ['the answer makes no sense', new SyntaxError('?'), { kind: 'unknown', error: 'answer_not_understood' }],
    ['it was refused', new Refused(refusalOf(422, 'dhl_996')), { kind: 'rejected', reason: 'dhl_996' }],
  ])('when %s', (_, error, failure) => {
    expect(asFailure(error)).toEqual(failure);
  });

  it.each([
    [400, 'RECIPIENT.POSTALCODE.INVALID', 'rejected'],
    [400, 'ACCOUNT.NUMBER.MISMATCH', 'misconfigured'],
    [401, undefined, 'misconfigured'],
    [403, 'FORBIDDEN.ERROR', 'misconfigured'],
    [409, undefined, 'unknown'],
    [404, undefined, 'rejected'],
  ])('answered %i %s is %s', (status, code, kind) => {
    expect(refusalOf(status, code).kind).toBe(kind);
  });

  it('holds a code and never a sentence, which might hold an address', () => {
    expect(refusalOf(400, 'No such street: 5th Ave!')).toEqual({
      kind: 'rejected',
      reason: 'No_such_street_5th_Ave_',
    });
    expect(refusalOf(400, { nested: true })).toEqual({ kind: 'rejected', reason: 'http_400' });
  });
});

describe('measures', () => {
  const parcel: Parcel = { weightGrams: 454, lengthMm: 255, widthMm: 254, heightMm: 1, contents: [] };
  it('are never smaller than the parcel', () => {
    expect(imperial(parcel)).toEqual({ weight: 1.1, length: 11, width: 10, height: 1 });
    expect(metric(parcel)).toEqual({ weight: 0.5, length: 26, width: 26, height: 1 });
    expect(metric({ ...parcel, weightGrams: 500, lengthMm: 260 })).toMatchObject({ weight: 0.5, length: 26 });
  });
});

describe('times', () => {
  it('of carriers become days and instants', () => {
    expect([dateOf('20260131'), dateOf('2026-01-31T20:00:00'), dateOf('soon')]).toEqual([
      '2026-01-31',
      '2026-01-31',
      undefined,
    ]);
    expect(instantOf('20260131', '071356')).toBe('2026-01-31T07:13:56.000Z');
    expect(instantOf('2026-01-31', '07:13:56', '-05:00')).toBe('2026-01-31T12:13:56.000Z');
    expect(instantOf('2026-01-31', undefined)).toBeUndefined();
    expect(instantOf('2026-99-99', '07:13')).toBeUndefined();
  });
});
