// How a service reaches Kafka: the same in its environment, its network policy and the mesh, whoever runs the brokers.
import type { ServiceEntry } from '../catalog/schema';
import type { Account } from '../components/aws/policy';
import type { Peer } from '../components/network-policy';
import { type EnvVar, fromSecret, type Mount, secretFile } from '../components/pod';
import type { PlatformConfig } from '../config';
import { appName, type Context, servers, usesTopics } from './context';
import { networkTiers } from './data-access';

/** Names that Strimzi gives, for a cluster of ours. */
export const strimzi = {
  cluster: 'kafka',
  bootstrap: 'kafka-kafka-bootstrap',
  /** Between the nodes: control plane, replication; then the agent and metrics. */
  nodePorts: [9090, 9091],
  userSecretPrefix: 'kafka-user-',
  caSecret: 'kafka-cluster-ca-cert',
} as const;

/** Of AWS's brokers: where services come in with their passwords, and who makes topics and grants with its role. */
export const brokerPorts = { services: 9096, administration: 9098 } as const;

/** The Job that does with AWS's brokers what Strimzi's operators do with their own. Its Secret holds the brokers' addresses. */
export const kafkaAdmin = { app: 'kafka-admin', secretName: 'kafka-admin-secret' } as const;

export const kafkaAdminRole = ({ prefix }: Pick<Account, 'prefix'>) => `${prefix}-${kafkaAdmin.app}`;

/** Where the brokers are, for the network. */
export const kafkaPeer = (
  { messaging, aws }: Pick<PlatformConfig, 'messaging' | 'aws'>,
  port: number = brokerPorts.services,
): Peer =>
  messaging === 'msk' && aws
    ? { to: 'network', cidrs: networkTiers(aws).isolated, port }
    : { to: 'app', ...servers.kafka };

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
