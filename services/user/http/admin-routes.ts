import { notFound, Problem, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { Administration } from '../application/administration';
import { lastAdmin } from './problems';
import { account, email, idParams, roles } from './schemas';

const demandDone = (outcome: boolean | 'last-admin') => {
  if (outcome === 'last-admin') throw lastAdmin();
  if (!outcome) throw notFound('There is no such account.');
  return { status: 204 };
};

const refusals = {
  401: { description: 'No valid token' },
  403: { description: 'Only staff with a second factor may do this' },
};

export interface AdminRoutesDeps {
  administration: Administration;
  /** Of an account that is there, locked or not. */
  addressOf(id: string): Promise<string | undefined>;
}

export function adminRoutes({ administration, addressOf }: AdminRoutesDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/users',
      summary: 'List accounts',
      scope: 'users:read',
      query: z.strictObject({
        email: email.optional(),
        limit: z.coerce.number().int().min(1).max(100).default(20),
        cursor: z.uuid().optional().meta({ description: 'nextCursor of the page before' }),
      }),
      responses: {
        200: {
          description: 'A page of accounts',
          schema: z.object({ items: z.array(account), nextCursor: z.uuid().nullable() }),
        },
        ...refusals,
      },
      handle: async ({ query: { email, cursor, limit } }) => {
        const found = await administration.list({ email, after: cursor, limit: limit + 1 });
        const items = found
          .slice(0, limit)
          .map(({ lockedAt, ...one }) => ({ ...one, locked: Boolean(lockedAt) }));
        const nextCursor = found.length > limit ? (items.at(-1)?.id ?? null) : null;
        return { headers: { 'cache-control': 'no-store' }, body: { items, nextCursor } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/users/:id/contact',
      summary: 'Where somebody can be written to',
      description: 'For whoever has to write to one person and needs nothing else of them.',
      scope: 'users:contact',
      params: idParams,
      responses: {
        200: { description: 'The address', schema: z.object({ email }) },
        ...refusals,
        404: { description: 'No such account, now or any more' },
      },
      async handle({ params }) {
        const address = await addressOf(params.id);
        // A code of its own: callers must not take a missing route for a missing person.
        if (address === undefined)
          throw new Problem(404, { code: 'no-such-account', detail: 'There is no such account.' });
        return { headers: { 'cache-control': 'no-store' }, body: { email: address } };
      },
    }),
    route({
      method: 'put',
      path: '/v1/users/:id/lock',
      summary: 'Lock an account',
      description: 'Ends its sessions. Access tokens it holds end by themselves within a quarter of an hour.',
      scope: 'users:lock',
      params: idParams,
      responses: {
        204: { description: 'Locked' },
        ...refusals,
        404: { description: 'No such account' },
        409: { description: 'This is the last administrator' },
      },
      handle: async ({ params, principal }) =>
        demandDone(await administration.setLock(principal.id, params.id, true)),
    }),
    route({
      method: 'delete',
      path: '/v1/users/:id/lock',
      summary: 'Unlock an account',
      scope: 'users:lock',
      params: idParams,
      responses: { 204: { description: 'Unlocked' }, ...refusals, 404: { description: 'No such account' } },
      handle: async ({ params, principal }) =>
        demandDone(await administration.setLock(principal.id, params.id, false)),
    }),
    route({
      method: 'put',
      path: '/v1/users/:id/roles',
      summary: 'Say who somebody is',
      description: 'Ends their sessions, so that the next log-in has the new rights.',
      scope: 'users:manage',
      params: idParams,
      body: z.strictObject({ roles }),
      responses: {
        204: { description: 'Changed' },
        400: { description: 'Not valid' },
        ...refusals,
        404: { description: 'No such account' },
        409: { description: 'This is the last administrator' },
      },
      handle: async ({ params, body, principal }) =>
        demandDone(await administration.setRoles(principal.id, params.id, body.roles)),
    }),
  ];
}
