export { createHttpClient, type HttpClient, type HttpClientOptions, UpstreamError } from './http-client';
