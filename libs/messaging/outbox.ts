import type { PoolClient } from '../postgres';
import type { CloudEvent } from './envelope';

export const OUTBOX_CHANNEL = 'outbox';

/**
 * Writes events into the outbox in the transaction of `client`; they are published after it commits, and never if it
 * does not. Order per key (`subject`) is the order of the writes, as long as writers of one key exclude each other
 * (expected version, row lock) before they call this.
 */
export async function enqueueEvents(client: PoolClient, topic: string, events: CloudEvent[]): Promise<void> {
  if (events.length === 0) return;
  await client.query({
    name: 'enqueue-events',
    // The notification is sent by the server at commit.
    text: `with added as (
             insert into outbox (topic, key, event)
             select $1, new.event->>'subject', new.event
             from jsonb_array_elements($2::jsonb) with ordinality as new(event, ordinal)
             order by new.ordinal)
           select pg_notify('${OUTBOX_CHANNEL}', '')`,
    values: [topic, JSON.stringify(events)],
  });
}
