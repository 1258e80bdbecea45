import { type Dispatcher, request } from 'undici';

export interface OutgoingRequest {
  method: string;
  /** In small letters. A `host` is sent as it is given, whatever address is asked. */
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export interface IncomingAnswer {
  status: number;
  body: string;
}

/** One exchange over HTTP. @throws what the connection says, with its `code` */
export type Send = (url: URL, request: OutgoingRequest) => Promise<IncomingAnswer>;

/** Not the global fetch: it keeps `host` to itself, and its streams cost more than all the rest of an exchange. Follows no redirect. */
export const send: Send = async (url, { method, ...outgoing }) => {
  const answer = await request(url, { method: method as Dispatcher.HttpMethod, ...outgoing });
  return { status: answer.statusCode, body: await answer.body.text() };
};
