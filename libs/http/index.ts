export { announceShutdown, createHttpApp, type HttpAppOptions } from './app';
export {
  type Authenticator,
  authenticate,
  demandScope,
  MFA_ENROLMENT,
  type Principal,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from './auth';
export { pageOf, pageQuery } from './page';
export {
  conflict,
  forbidden,
  invalidRequest,
  notFound,
  Problem,
  type ProblemDetail,
  type ProblemOptions,
  unauthorized,
  unavailable,
} from './problem';
export {
  type RateLimit,
  type Route,
  type RouteAnswer,
  type RouteContext,
  type RouteOptions,
  route,
} from './route';
export { type ServeOptions, serve } from './serve';
