export { limitConcurrency, Overloaded } from './bulkhead';
export { createHttpClient, type HttpClient, type HttpClientOptions, UpstreamError } from './http-client';
