import { type CodeCheck, judgeCode } from '../domain/second-factor';
import { digest, newRecoveryCode, normaliseRecoveryCode } from './opaque';
import type { Clock, OneTimeCodes, SecondFactorStore, SecretBox } from './ports';

const RECOVERY_CODES = 10;

export interface SecondFactorDeps {
  store: SecondFactorStore;
  codes: OneTimeCodes;
  box: SecretBox;
  clock: Clock;
}

/** Recovery codes, shown this once; 'none' when there is nothing to confirm. */
type Confirmation = string[] | Exclude<CodeCheck, 'accepted'> | 'none';

export interface SecondFactors {
  isConfirmed(userId: string): Promise<boolean>;
  /** A new secret, of no effect until it is confirmed. 'confirmed' when there is one in effect. */
  enrol(user: { id: string; email: string }): Promise<{ secret: string; uri: string } | 'confirmed'>;
  confirm(userId: string, code: string): Promise<Confirmation>;
  /** A code of the app (each once, five tries) or an unused recovery code. */
  check(userId: string, code: string): Promise<CodeCheck>;
  remove(userId: string): Promise<void>;
}

export function createSecondFactors({ store, codes, box, clock }: SecondFactorDeps): SecondFactors {
  return {
    isConfirmed: async (userId) => (await store.find(userId))?.confirmed ?? false,
    async enrol({ id, email }) {
      const made = codes.create(email);
      return (await store.begin(id, box.seal(made.secret, id))) ? made : 'confirmed';
    },
    async confirm(userId, code) {
      const outcome = await store.change<Confirmation>(userId, async ({ factor, sealedSecret }, recovery) => {
        if (factor.confirmed) return { factor, result: 'none' };
        const now = clock.now();
        const judged = judgeCode(factor, codes.stepOf(box.open(sealedSecret, userId), code, now), now);
        if (judged.check !== 'accepted') return { factor: judged.factor, result: judged.check };
        const made = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
        await recovery.replace(made.map((one) => digest(normaliseRecoveryCode(one))));
        return { factor: { ...judged.factor, confirmed: true }, result: made };
      });
      return outcome ?? 'none';
    },
    async check(userId, code) {
      const outcome = await store.change<CodeCheck>(userId, async ({ factor, sealedSecret }, recovery) => {
        const now = clock.now();
        const step = codes.stepOf(box.open(sealedSecret, userId), code, now);
        const judged = judgeCode(factor, step, now);
        if (judged.check !== 'wrong' || !factor.confirmed) {
          return { factor: judged.factor, result: factor.confirmed ? judged.check : 'wrong' };
        }
        if (await recovery.use(digest(normaliseRecoveryCode(code)))) {
          return { factor: { ...factor, failures: 0, failedAt: undefined }, result: 'accepted' };
        }
        return { factor: judged.factor, result: 'wrong' };
      });
      return outcome ?? 'wrong';
    },
    remove: (userId) => store.remove(userId),
  };
}
