import type { Request } from 'express';
import type { z } from 'zod';
import type { Logger } from '../telemetry';
import type { Principal } from './auth';

type Out<S> = S extends z.ZodType ? z.output<S> : undefined;

export interface RouteContext<P, Q, B, H, A> {
  params: Out<P>;
  query: Out<Q>;
  body: Out<B>;
  headers: Out<H>;
  /** Who asks; only on routes with `scope`. */
  principal: A extends string ? Principal : undefined;
  /** The bytes as sent; only on routes with `rawBody`. */
  raw: Buffer;
  requestId: string;
  logger: Logger;
  request: Request;
}

export interface RouteAnswer {
  /** 200 unless told. */
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** JSON that is text already (caches), or text of the Content-Type in `headers`; wins over `body`. */
  json?: string;
  /** Sent as they are, of the Content-Type in `headers`; win over both. */
  bytes?: Buffer;
  /** How long it waited because it was asked to (`Prefer: wait`), in ms: not counted as time it took. */
  waitedMs?: number;
}

/** A request of any route, once it is validated. */
type RequestFacts = Omit<RouteContext<z.ZodType, z.ZodType, z.ZodType, z.ZodType, string>, 'principal'> & {
  principal?: Principal;
};

export interface RateLimit {
  windowMs: number;
  limit: number;
  /** Counts per address and this, taken from the request once it is validated: an account for example. */
  key?: (context: RequestFacts) => string;
  /** Counts only answers of 400 and above (log-ins). */
  failuresOnly?: boolean;
}

export interface ResponseDoc {
  description: string;
  schema?: z.ZodType;
  /** Of an answer in `bytes`. */
  mediaTypes?: string[];
}

export interface RouteOptions<P, Q, B, H, A> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In express' syntax: '/v1/products/:id'. */
  path: string;
  summary: string;
  description?: string;
  /** Demands an access token that carries this scope, `<what>:<may do>`: 401 without a valid one, 403 without the scope. */
  scope?: A;
  /** Path parameters, query, headers (names in lower case) and JSON body. Use z.strictObject, so that unknown fields are refused; z.object for headers. */
  params?: P;
  query?: Q;
  body?: B;
  headers?: H;
  /** Hands over the unparsed body (any content type), to verify signatures. */
  rawBody?: boolean;
  /** The body is a form (application/x-www-form-urlencoded) instead of JSON. */
  form?: boolean;
  rateLimit?: RateLimit;
  /** Successful answers are only logged at level debug: for what is asked thousands of times a second. */
  quiet?: boolean;
  /** By status. Problems (400, 401, 404…) need a description only. */
  responses: Record<number, ResponseDoc>;
  handle(context: RouteContext<P, Q, B, H, A>): Promise<RouteAnswer> | RouteAnswer;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of routes mixes schemas of every kind
export type Route = RouteOptions<any, any, any, any, any>;

type Schema = z.ZodType | undefined;

/** Describes one endpoint: what it takes, what it answers and what it does. Validation and OpenAPI both come from here. */
export function route<
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
  H extends Schema = undefined,
  A extends string | undefined = undefined,
>(options: RouteOptions<P, Q, B, H, A>): Route {
  return options as Route;
}
