import { type Authenticator, createHttpApp, type HttpAppOptions } from '@platform/libs/http';
import type { Logger } from '@platform/libs/telemetry';
import { type ShippingRoutesDeps, shippingRoutes } from './http/routes';

export interface AppDeps extends ShippingRoutesDeps {
  version: string;
  logger: Logger;
  authenticator: Authenticator;
  ready: HttpAppOptions['ready'];
}

/** Builds the HTTP side of the shipping service; opens nothing. */
export const createApp = ({ version, logger, authenticator, ready, ...routes }: AppDeps) =>
  createHttpApp({ name: 'shipping', version, routes: shippingRoutes(routes), ready, logger, authenticator });
