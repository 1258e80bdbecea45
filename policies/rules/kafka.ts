// Kafka by Strimzi: encrypted, authenticated, narrow grants, and topics that survive the loss of a broker.
import { numberSetting, type Resource, type ResourceRule } from '../rule';
import { isOf } from '../workloads';

const strimzi = (kind: string) => (resource: Resource) => isOf(resource, 'kafka.strimzi.io', kind);
const isKafka = strimzi('Kafka');
const isUser = strimzi('KafkaUser');

const listenersEncrypted: ResourceRule = {
  scope: 'resource',
  name: 'kafka-encrypted',
  item: 'data/in-transit',
  severity: 'high',
  level: 'mandatory',
  description: 'Every listener of Kafka speaks TLS.',
  fix: 'set tls: true on the listener',
  matches: isKafka,
  validate(resource, report) {
    for (const listener of resource.props.at('spec', 'kafka', 'listeners').items) {
      report.guard(() => {
        const at = listener.at('tls');
        if (at.value !== true) report.violation(at, `listener '${listener.at('name').text}' is plain`);
      });
    }
  },
};

const clientsKnown: ResourceRule = {
  scope: 'resource',
  name: 'kafka-authenticated',
  item: 'authorisation/service-to-service',
  severity: 'high',
  level: 'mandatory',
  description: 'Kafka knows its clients and asks what each may do.',
  fix: 'set authentication.type (tls or scram-sha-512) on every listener and on every KafkaUser, and spec.kafka.authorization.type: simple',
  matches: (resource) => isKafka(resource) || isUser(resource),
  validate(resource, report) {
    if (isUser(resource)) {
      const at = resource.props.at('spec', 'authentication', 'type');
      if (!at.text) report.violation(at, 'the user has no way to prove itself');
      return;
    }
    const kafka = resource.props.at('spec', 'kafka');
    for (const listener of kafka.at('listeners').items) {
      report.guard(() => {
        const at = listener.at('authentication', 'type');
        if (!at.text) report.violation(at, `listener '${listener.at('name').text}' takes anybody`);
      });
    }
    report.guard(() => {
      const at = kafka.at('authorization', 'type');
      if (!at.text) report.violation(at, 'whoever is in may do anything');
    });
    for (const user of kafka.at('authorization', 'superUsers').items)
      report.violation(user, `${user.text} may do anything`);
  },
};

const namedGrants: ResourceRule = {
  scope: 'resource',
  name: 'kafka-named-grants',
  item: 'authorisation/rbac',
  severity: 'high',
  level: 'mandatory',
  description: 'Grants of Kafka name topics, groups and operations.',
  fix: "replace the name '*' by topics or a prefix of the service's own, and the operation All by those that are needed",
  matches: isUser,
  validate(resource, report) {
    for (const grant of resource.props.at('spec', 'authorization', 'acls').items) {
      report.guard(() => {
        if ((grant.at('type').text ?? 'allow') !== 'allow') return;
        const name = grant.at('resource', 'name');
        if (name.text === '*' || name.text === '') report.violation(name, 'the grant is on everything');
        for (const operation of grant.at('operations').items) {
          if (operation.text === 'All') report.violation(operation, 'the grant is for every operation');
        }
      });
    }
  },
};

/** Settings of the brokers that decide whether a message survives, each with the least it may be. */
const least: Record<string, number> = {
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
};

const durable: ResourceRule = {
  scope: 'resource',
  name: 'kafka-durable',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'A message that was acknowledged survives the loss of a broker.',
  fix: 'give topics 3 replicas and min.insync.replicas 2, the brokers the same defaults, and leave unclean.leader.election.enable and auto.create.topics.enable off',
  settings: { replicas: { type: 'number', description: 'replicas a topic has at least (default: 3)' } },
  matches: (resource) => isKafka(resource) || strimzi('KafkaTopic')(resource),
  validate(resource, report, settings) {
    const spec = resource.props.at('spec');
    if (!isKafka(resource)) {
      const wanted = numberSetting(settings, 'replicas', 3);
      report.guard(() => {
        const at = spec.at('replicas');
        if ((at.number ?? 0) < wanted) report.violation(at, `the topic has ${at.number ?? 'no'} replicas`);
      });
      report.guard(() => {
        const at = spec.at('config', 'min.insync.replicas');
        if (Number(at.text ?? 0) < 2) report.violation(at, 'one replica is enough to acknowledge');
      });
      return;
    }
    const config = spec.at('kafka', 'config');
    for (const [key, wanted] of Object.entries(least)) {
      report.guard(() => {
        const at = config.at(key);
        if (Number(at.text ?? 0) < wanted)
          report.violation(at, `${key} is ${at.text ?? 'not set'}, less than ${wanted}`);
      });
    }
    for (const [key, otherwise] of [
      ['unclean.leader.election.enable', false],
      ['auto.create.topics.enable', true],
    ] as const) {
      report.guard(() => {
        const at = config.at(key);
        if (String(at.exists ? at.value : otherwise) === 'true') report.violation(at, `${key} is on`);
      });
    }
  },
};

export const kafkaRules = [listenersEncrypted, clientsKnown, namedGrants, durable];
