// The topics and grants of the catalogue on brokers that no operator of ours looks after: AWS's. Run once, as a Job.

import { Kafka, logLevel } from 'kafkajs';
import { z } from 'zod';
import { kafkaVariables, parseEnv } from '../config';
import { createLogger } from '../telemetry';
import { applyGrants, applyTopics } from './apply';
import { connectToken, takeRole } from './identity';
import { readWanted } from './wanted';

const variables = z.object({
  KAFKA_BROKERS: kafkaVariables.KAFKA_BROKERS,
  AWS_REGION: z.string(),
  /** EKS sets these two in the pod of a service account with a role. */
  AWS_ROLE_ARN: z.string(),
  AWS_WEB_IDENTITY_TOKEN_FILE: z.string(),
});

const logger = createLogger('kafka-admin');

const run = async () => {
  const config = parseEnv(variables);
  const wanted = readWanted(process.env);
  const region = config.AWS_REGION;
  const credentials = await takeRole({
    ...{ roleArn: config.AWS_ROLE_ARN, tokenFile: config.AWS_WEB_IDENTITY_TOKEN_FILE, region },
  });
  const admin = new Kafka({
    clientId: 'kafka-admin',
    brokers: config.KAFKA_BROKERS,
    ssl: { minVersion: 'TLSv1.3' },
    sasl: {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: connectToken(credentials, region, new Date()) }),
    },
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const say = (line: string) => logger.info(line);
    await applyTopics(admin, wanted.KAFKA_TOPICS, say);
    await applyGrants(admin, wanted.KAFKA_GRANTS, say);
  } finally {
    await admin.disconnect();
  }
  logger.info('topics and grants are as declared');
};

run().catch((error: unknown) => {
  logger.fatal({ err: error }, 'topics and grants could not be made');
  process.exitCode = 1;
});
