import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, formatArguments, javaProgram, kafkaCommand, serverProperties } from './kafka';
import { freePort, runToEnd, startServer, untilReady } from './process';

export interface SecureKafka {
  /** Where clients come in: TLS 1.3, a password, and no more rights than were granted. 'host:port' each. */
  brokers: string[];
  /** A second door without any of that, whose guests may do everything: for grants and topics. */
  backDoor: string[];
  /** The broker's authority, PEM. */
  ca: string;
  stop(): Promise<void>;
}

const storePassword = 'changeit';

/** A real one-node Kafka on loopback as startKafka's, but with TLS, SCRAM-SHA-512 users (name → password) and grants. */
export async function startSecureKafka(users: Record<string, string>): Promise<SecureKafka> {
  const java = javaProgram();
  const folder = await mkdtemp(join(tmpdir(), 'ecp-kafka-'));
  const [port, backPort, controllerPort] = [await freePort(), await freePort(), await freePort()];
  const { keystore, ca } = await certificate(java, folder);
  const properties = join(folder, 'server.properties');
  const more = {
    listeners: `SASL_SSL://127.0.0.1:${port},BACK://127.0.0.1:${backPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `SASL_SSL://127.0.0.1:${port},BACK://127.0.0.1:${backPort}`,
    'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,BACK:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'BACK',
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keystore,
    'ssl.keystore.password': storePassword,
    'ssl.enabled.protocols': 'TLSv1.3',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'auto.create.topics.enable': 'false',
  };
  await writeFile(properties, serverProperties(join(folder, 'data'), port, controllerPort, more));
  const scram = Object.entries(users).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  await runToEnd(java, [...formatArguments(properties), ...scram], { env: process.env });
  const server = startServer(java, [...kafkaCommand(), 'kafka.Kafka', properties], {
    cwd: folder,
    env: process.env,
  });
  await untilReady('Kafka', server, 150_000, () => ask(backPort));
  return {
    brokers: [`127.0.0.1:${port}`],
    backDoor: [`127.0.0.1:${backPort}`],
    ca,
    async stop() {
      await server.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A key of the broker's own and a certificate over it that is its own authority, by the JDK's keytool. */
async function certificate(java: string, folder: string) {
  const keytool = java.replace(/java$/, 'keytool');
  const keystore = join(folder, 'keystore.p12');
  const pem = join(folder, 'ca.pem');
  const store = [
    '-alias',
    'kafka',
    '-keystore',
    keystore,
    '-storetype',
    'PKCS12',
    '-storepass',
    storePassword,
  ];
  const name = ['-dname', 'CN=127.0.0.1', '-ext', 'SAN=ip:127.0.0.1', '-validity', '2'];
  const env = { env: process.env };
  await runToEnd(
    keytool,
    ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...name, ...store],
    env,
  );
  await runToEnd(keytool, ['-exportcert', '-rfc', '-file', pem, ...store], env);
  return { keystore, ca: await readFile(pem, 'utf8') };
}
