export { askAll } from './ask-all';
export { limitConcurrency, Overloaded } from './bulkhead';
export { type CutOut, createCutOut } from './cut-out';
export {
  type BreakerFigures,
  createBreaker,
  type Endpoint,
  type Endpoints,
  oneEndpoint,
  UpstreamError,
} from './endpoints';
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client';
export { type Send, send } from './send';
export { startWorkLoop, type WorkLoop, type WorkLoopOptions } from './work-loop';
export { startWorker, type Worker } from './worker';
