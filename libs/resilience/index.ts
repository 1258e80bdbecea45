export { limitConcurrency, Overloaded } from './bulkhead';
export {
  type BreakerFigures,
  createBreaker,
  type Endpoint,
  type Endpoints,
  oneEndpoint,
  UpstreamError,
} from './endpoints';
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client';
