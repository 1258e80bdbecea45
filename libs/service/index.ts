export { runService, type ServiceParts, type ServiceProgram } from './service';
