export { CommandRefused, type OperationName, type Operations, operationCommands } from './operations';
export { runService, type ServiceParts, type ServiceProgram } from './service';
