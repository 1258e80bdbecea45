export { ConfigError, parseEnv } from './env';
export { brokerList, httpUrl, serviceVariables } from './variables';
