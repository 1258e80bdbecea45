import type { Pool } from '@platform/libs/postgres';

/** The two things a shipment can be due for, each with a lease of its own. */
const columns = {
  booking: { due: 'due_at', lease: 'leased_until' },
  tracking: { due: 'track_at', lease: 'track_leased_until' },
} as const;

/** Who has a shipment in hand: taken for a time, given back after the work, free again when its holder has died. */
export const createLeases = (pool: Pool, kind: keyof typeof columns) => {
  const { due, lease } = columns[kind];
  return {
    async claimDue(now: string, leaseUntil: string, limit: number): Promise<string[]> {
      const { rows } = await pool.query({
        name: `claim-due-${kind}`,
        text: `update shipments set ${lease} = $2 where id in (
                 select id from shipments where ${due} <= $1 and (${lease} is null or ${lease} <= $1)
                 order by ${due} limit $3 for update skip locked)
               returning id`,
        values: [now, leaseUntil, limit],
      });
      return rows.map((row) => row.id as string);
    },
    async release(shipmentId: string): Promise<void> {
      await pool.query(`update shipments set ${lease} = null where id = $1`, [shipmentId]);
    },
  };
};
