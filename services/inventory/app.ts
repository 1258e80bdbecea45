import { type Authenticator, createHttpApp, type HttpAppOptions } from '@platform/libs/http';
import type { Logger } from '@platform/libs/telemetry';
import { type InventoryRoutesDeps, inventoryRoutes } from './http/routes';

export interface AppDeps extends InventoryRoutesDeps {
  version: string;
  logger: Logger;
  authenticator: Authenticator;
  ready: HttpAppOptions['ready'];
}

/** Builds the HTTP side of the inventory service; opens nothing. */
export const createApp = ({ version, logger, authenticator, ready, ...routes }: AppDeps) =>
  createHttpApp({
    name: 'inventory',
    version,
    routes: inventoryRoutes(routes),
    ready,
    logger,
    authenticator,
  });
