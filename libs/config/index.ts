export { ConfigError, parseEnv } from './env';
export { httpUrl, kafkaVariables, serviceVariables } from './variables';
