import { createHash } from 'node:crypto';
import type { Answer, Store } from './store';

export const sha256 = (text: string) => createHash('sha256').update(text).digest();

export interface Result {
  status: number;
  body: string;
}

export interface ReplayRefusals {
  /** The key was used for another request. */
  other(): Error;
  /** The key is in use by a request that still runs. */
  underWay(): Error;
}

/** Answers a request with a key once: whoever sends it again gets the first answer. */
export class Replay {
  private readonly underWay = new Set<string>();

  constructor(private readonly store: Pick<Store<Answer>, 'get' | 'save'>) {}

  /** What `work` throws is not remembered: nothing was done. */
  async once(
    key: string | undefined,
    request: string,
    refusals: ReplayRefusals,
    work: () => Promise<Result>,
  ): Promise<Result & { replayed: boolean }> {
    if (key === undefined) return { ...(await work()), replayed: false };
    const asked = sha256(request).toString('hex');
    const before = this.store.get<Answer>('answer', key);
    if (before && before.request !== asked) throw refusals.other();
    if (before) return { status: before.status, body: before.body, replayed: true };
    if (this.underWay.has(key)) throw refusals.underWay();
    this.underWay.add(key);
    try {
      const result = await work();
      this.store.save({ id: key, object: 'answer', request: asked, ...result });
      return { ...result, replayed: false };
    } finally {
      this.underWay.delete(key);
    }
  }
}
