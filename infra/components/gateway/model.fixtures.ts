import type { TrafficFigures } from '../traffic-spec';
import type { GatewayRoute, GatewayService } from './model';

const none = { set: {}, remove: [] };

export const gatewayRoute = (more: Partial<GatewayRoute> = {}): GatewayRoute => ({
  path: '/orders',
  versions: ['v1'],
  methods: ['GET'],
  authentication: 'none',
  authorisation: { roles: [], scopes: [] },
  rateLimit: null,
  transform: { request: none, response: none },
  log: true,
  bodyLimit: '100Ki',
  ...more,
});

const traffic: TrafficFigures = {
  maxConnections: 100,
  http1MaxPendingRequests: 50,
  maxRequestsPerConnection: 10,
  consecutive5xxErrors: 5,
  interval: '30s',
  baseEjectionTime: '30s',
  maxEjectionPercent: 50,
  timeout: '15s',
};

export const gatewayService = (...routes: Partial<GatewayRoute>[]): GatewayService => ({
  app: 'order-service',
  namespace: 'shop',
  traffic,
  routes: routes.map(gatewayRoute),
});
