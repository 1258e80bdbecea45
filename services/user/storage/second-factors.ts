import { type Pool, withTransaction } from '@platform/libs/postgres';
import type { RecoveryCodes, SecondFactorStore } from '../application/ports';
import type { SecondFactor } from '../domain/second-factor';

interface Row {
  sealed_secret: Buffer;
  confirmed: boolean;
  last_step: number;
  failures: number;
  failed_at: Date | null;
}

const toFactor = ({ confirmed, last_step, failures, failed_at }: Row): SecondFactor => ({
  confirmed,
  lastStep: last_step,
  failures,
  failedAt: failed_at ?? undefined,
});

export function createSecondFactorStore(pool: Pool): SecondFactorStore {
  return {
    async find(userId) {
      const { rows } = await pool.query<Row>({
        name: 'second-factor',
        text: 'select * from second_factors where user_id = $1',
        values: [userId],
      });
      return rows[0] && toFactor(rows[0]);
    },
    async begin(userId, sealedSecret) {
      const { rowCount } = await pool.query(
        // Wrong codes go on counting: beginning again is no way around the limit.
        `insert into second_factors (user_id, sealed_secret) values ($1, $2)
         on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, last_step = 0
         where not second_factors.confirmed`,
        [userId, sealedSecret],
      );
      return rowCount === 1;
    },
    change: (userId, work) =>
      withTransaction(pool, async (client) => {
        const { rows } = await client.query<Row>(
          'select * from second_factors where user_id = $1 for update',
          [userId],
        );
        const [row] = rows;
        if (!row) return undefined;
        const recovery: RecoveryCodes = {
          async use(digest) {
            const { rowCount } = await client.query(
              'update recovery_codes set used = true where user_id = $1 and digest = $2 and not used',
              [userId, digest],
            );
            return rowCount === 1;
          },
          async replace(digests) {
            await client.query('delete from recovery_codes where user_id = $1', [userId]);
            await client.query(
              'insert into recovery_codes (user_id, digest) select $1, unnest($2::bytea[])',
              [userId, digests],
            );
          },
        };
        const { factor, result } = await work(
          { factor: toFactor(row), sealedSecret: row.sealed_secret },
          recovery,
        );
        await client.query(
          `update second_factors set confirmed = $2, last_step = $3, failures = $4, failed_at = $5
           where user_id = $1`,
          [userId, factor.confirmed, factor.lastStep, factor.failures, factor.failedAt ?? null],
        );
        return result;
      }),
    async remove(userId) {
      await pool.query('delete from second_factors where user_id = $1', [userId]);
    },
  };
}
