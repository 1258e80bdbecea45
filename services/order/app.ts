import { type Authenticator, createHttpApp, type HttpAppOptions } from '@platform/libs/http';
import type { Logger } from '@platform/libs/telemetry';
import { type OrderRoutesDeps, orderRoutes } from './http/routes';

export interface AppDeps extends OrderRoutesDeps {
  version: string;
  logger: Logger;
  authenticator: Authenticator;
  ready: HttpAppOptions['ready'];
}

/** Builds the HTTP side of the order service; opens nothing. */
export const createApp = ({ version, logger, authenticator, ready, ...routes }: AppDeps) =>
  createHttpApp({ name: 'order', version, routes: orderRoutes(routes), ready, logger, authenticator });
