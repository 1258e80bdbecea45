import { type Authenticator, createHttpApp, type HttpAppOptions } from '@platform/libs/http';
import type { Logger } from '@platform/libs/telemetry';
import { type NotificationRoutesDeps, notificationRoutes } from './http/routes';

export interface AppDeps extends NotificationRoutesDeps {
  version: string;
  logger: Logger;
  authenticator: Authenticator;
  ready: HttpAppOptions['ready'];
}

/** Builds the HTTP side of the notification service; opens nothing. */
export const createApp = ({ version, logger, authenticator, ready, ...routes }: AppDeps) =>
  createHttpApp({
    ...{ name: 'notification', version, routes: notificationRoutes(routes), ready, logger, authenticator },
  });
