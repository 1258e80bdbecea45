export { type Balancer, type BalancerOptions, createBalancer } from './balancer';
export { type ConsulAgent, ConsulError, createConsulAgent, type Instance } from './consul';
export { createDiscovery, type Discovery, type DiscoveryConfig } from './discovery';
export { checkIntervalSeconds, keepRegistered, type OwnInstance, openCheckPort } from './registration';
export { watchInstances } from './watch';
