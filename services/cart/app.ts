import { type Authenticator, createHttpApp, type HttpAppOptions } from '@platform/libs/http';
import type { Logger } from '@platform/libs/telemetry';
import { type CartRoutesDeps, cartRoutes } from './http/routes';

export interface AppDeps extends CartRoutesDeps {
  version: string;
  logger: Logger;
  authenticator: Authenticator;
  ready: HttpAppOptions['ready'];
}

/** Builds the HTTP side of the cart service; opens nothing. */
export const createApp = ({ version, logger, authenticator, ready, ...routes }: AppDeps) =>
  createHttpApp({ name: 'cart', version, routes: cartRoutes(routes), ready, logger, authenticator });
