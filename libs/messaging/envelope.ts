import { randomUUID } from 'node:crypto';
import { z } from 'zod';

/** CloudEvents 1.0, structured JSON. `subject` is the aggregate's id and the Kafka key. */
export interface CloudEvent<D = unknown> {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  subject: string;
  /** ISO 8601. */
  time: string;
  datacontenttype: 'application/json';
  dataschema?: string;
  data: D;
  traceparent?: string;
}

export interface NewCloudEvent<D> {
  /** '/order-service' */
  source: string;
  type: string;
  subject: string;
  data: D;
  /** Given where the same fact must get the same id however often it is written. */
  id?: string;
  time?: Date;
  traceparent?: string;
}

export function createEvent<D>(event: NewCloudEvent<D>): CloudEvent<D> {
  return {
    specversion: '1.0',
    id: event.id ?? randomUUID(),
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: (event.time ?? new Date()).toISOString(),
    datacontenttype: 'application/json',
    data: event.data,
    ...(event.traceparent && { traceparent: event.traceparent }),
  };
}

/** What brokers and tools can see of a message without reading it. */
export const messageHeaders = ({
  type,
  traceparent,
}: {
  type: string;
  traceparent?: string | null;
}): Record<string, string> => ({
  'content-type': 'application/cloudevents+json',
  'ce-type': type,
  ...(traceparent && { traceparent }),
});

/** A tolerant reader's view: what is needed to route and deduplicate; everything else may come and go. */
const envelope = z.looseObject({
  specversion: z.string().startsWith('1.'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  subject: z.string().default(''),
  time: z.string().default(''),
});

/** The message cannot be understood, now or later: it belongs in the dead letters. */
export class PoisonMessage extends Error {
  readonly code = 'POISON_MESSAGE';
  readonly retriable = false;
  constructor(message: string) {
    super(message);
    this.name = 'PoisonMessage';
  }
}

/** @throws PoisonMessage naming what is wrong with the envelope. */
export function parseEvent(value: Buffer | string | null): CloudEvent {
  if (value === null) throw new PoisonMessage('the message has no value');
  let json: unknown;
  try {
    json = JSON.parse(value.toString());
  } catch {
    throw new PoisonMessage('the message is not JSON');
  }
  const result = envelope.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new PoisonMessage(
      `the message is no CloudEvent: ${issue?.path.join('.') || 'root'}: ${issue?.message}`,
    );
  }
  return result.data as unknown as CloudEvent;
}
