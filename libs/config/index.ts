export { ConfigError, parseEnv } from './env';
export { type Program, runProgram } from './run';
