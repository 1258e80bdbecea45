import { type Route, route } from '@platform/libs/http';
import type { NotificationStore, PersonalData } from '../application/ports';
import { listQuery, notificationPage, personalData as personalDataSchema, toPage, toView } from './schemas';

export interface NotificationRoutesDeps {
  store: Pick<NotificationStore, 'list'>;
  personalData: PersonalData;
}

const guarded = {
  401: { description: 'No valid access token.' },
  403: { description: 'The access token does not allow this.' },
};
const NO_STORE = { 'cache-control': 'no-store' };

export const notificationRoutes = ({ store, personalData }: NotificationRoutesDeps): Route[] => [
  route({
    method: 'get',
    path: '/v1/notifications',
    summary: 'List what I was told, newest first',
    scope: 'notifications:read',
    query: listQuery,
    responses: {
      200: { description: 'A page of notifications.', schema: notificationPage },
      400: { description: 'The request is not valid.' },
      ...guarded,
    },
    async handle({ query, principal }) {
      const found = await store.list(principal.id, query.limit + 1, query.cursor);
      return { headers: NO_STORE, body: toPage(found, query.limit) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/notifications/personal-data',
    summary: 'Everything kept about me here',
    scope: 'notifications:read',
    responses: {
      200: {
        description: 'All notifications, oldest first, and the orders they are about. No address is kept.',
        schema: personalDataSchema,
      },
      ...guarded,
    },
    async handle({ principal }) {
      const { notifications, orders } = await personalData(principal.id);
      return { headers: NO_STORE, body: { notifications: notifications.map(toView), orders } };
    },
  }),
];
