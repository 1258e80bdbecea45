export { ConfigError, parseEnv } from './env';
export { type Program, runProgram } from './run';
export { brokerList, httpUrl, serviceVariables } from './variables';
