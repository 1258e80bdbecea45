export { createLogger, holdsCardNumber, type Logger, type LoggerOptions, maskPersonalData } from './logger';
export {
  configureTelemetry,
  type Instruments,
  instruments,
  meter,
  requestAttributes,
  serveMetrics,
  type TelemetryOptions,
} from './metrics';
