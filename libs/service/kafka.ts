import { readFileSync } from 'node:fs';
import { ConfigError } from '../config';
import type { KafkaOptions } from '../messaging';

/** What `kafkaVariables` reads. */
export interface KafkaConfig {
  KAFKA_BROKERS: string[];
  KAFKA_TLS?: boolean;
  KAFKA_CA_FILE?: string;
  KAFKA_USERNAME?: string;
  KAFKA_PASSWORD?: string;
}

export const isKafkaConfig = <C extends Partial<KafkaConfig>>(config: C): config is C & KafkaConfig =>
  config.KAFKA_BROKERS !== undefined;

/** @throws ConfigError for a password without TLS, half a login, or a file that cannot be read */
export function kafkaConnection(config: KafkaConfig): Pick<KafkaOptions, 'brokers' | 'tls'> {
  const { KAFKA_BROKERS: brokers, KAFKA_TLS, KAFKA_CA_FILE: file } = config;
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = config;
  if ((username === undefined) !== (password === undefined)) {
    throw new ConfigError(['KAFKA_USERNAME and KAFKA_PASSWORD belong together: set both or neither']);
  }
  if (!KAFKA_TLS) {
    if (password === undefined && file === undefined) return { brokers };
    throw new ConfigError(['KAFKA_TLS must be true where KAFKA_PASSWORD or KAFKA_CA_FILE is set']);
  }
  const login = username !== undefined && password !== undefined ? { username, password } : undefined;
  return { brokers, tls: { ...(file && { ca: authority(file) }), ...(login && { login }) } };
}

function authority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`KAFKA_CA_FILE names a file that cannot be read: ${(error as Error).message}`]);
  }
}
