import type { ServiceEntry } from '../catalog/schema';
import type { GatewayService, TokenRules } from '../components/gateway/model';
import { appName } from './context';

/** As the user service writes tokens and every service checks them. */
export const tokenRules: TokenRules = { issuer: 'ecommerce-platform', audience: 'ecommerce-platform' };

/** A catalogue entry as any gateway sees it. */
export const gatewayServiceOf = (namespace: string, service: ServiceEntry): GatewayService => ({
  app: appName(service),
  namespace,
  routes: service.routes,
  traffic: service.mesh,
});
