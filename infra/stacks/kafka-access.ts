// How a service reaches Kafka: the same in its environment, its network policy and the mesh, whoever runs the brokers.
import type { ServiceEntry } from '../catalog/schema';
import { type EnvVar, fromSecret, type Mount, secretFile } from '../components/pod';
import { appName, type Context, servers, usesTopics } from './context';

/** Names that Strimzi gives, for a cluster of ours. */
export const strimzi = {
  cluster: 'kafka',
  bootstrap: 'kafka-kafka-bootstrap',
  /** Between the nodes: control plane, replication; then the agent and metrics. */
  nodePorts: [9090, 9091],
  userSecretPrefix: 'kafka-user-',
  caSecret: 'kafka-cluster-ca-cert',
} as const;

const caFolder = '/var/run/secrets/kafka-ca';
const caKey = 'ca.crt';

export function kafkaEnvironment({ config }: Pick<Context, 'config'>, service: ServiceEntry): EnvVar[] {
  if (!usesTopics(service)) return [];
  const app = appName(service);
  switch (config.messaging) {
    case 'kafka':
      return [{ name: 'KAFKA_BROKERS', value: `${servers.kafka.app}:${servers.kafka.port}` }];
    case 'strimzi': {
      const secretName = `${strimzi.userSecretPrefix}${app}`;
      return [
        { name: 'KAFKA_BROKERS', value: `${strimzi.bootstrap}:${servers.kafka.port}` },
        { name: 'KAFKA_TLS', value: 'true' },
        { name: 'KAFKA_CA_FILE', value: `${caFolder}/${caKey}` },
        { name: 'KAFKA_USERNAME', value: app },
        fromSecret('KAFKA_PASSWORD', secretName, 'password'),
      ];
    }
    case 'msk': {
      const secretName = kafkaSecretName(service);
      return [
        fromSecret('KAFKA_BROKERS', secretName, 'brokers'),
        // The brokers' certificates are Amazon's own, which every system trusts.
        { name: 'KAFKA_TLS', value: 'true' },
        fromSecret('KAFKA_USERNAME', secretName, 'username'),
        fromSecret('KAFKA_PASSWORD', secretName, 'password'),
      ];
    }
  }
}

/** With MSK: what a service logs in with, fetched from the secrets manager, where the aws layer puts it. */
export const kafkaSecretName = (service: Pick<ServiceEntry, 'name'>) => `${service.name}-kafka-secret`;

export const kafkaMounts = ({ config }: Pick<Context, 'config'>, service: ServiceEntry): Mount[] =>
  config.messaging === 'strimzi' && usesTopics(service)
    ? [secretFile(caFolder, strimzi.caSecret, caKey)]
    : [];
