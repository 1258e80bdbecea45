export { consulProgram, startConsul, type TestConsul } from './consul';
export { startEnvoy, type TestEnvoy } from './envoy';
export { startKafka, type TestKafka } from './kafka';
export { startOpenSearch, type TestOpenSearch } from './opensearch';
export { wholeTableReads } from './plans';
export { startPostgres, type TestPostgres } from './postgres';
export { given } from './projection';
export { startRedis, type TestRedis } from './redis';
export { type SecureKafka, startSecureKafka } from './secure-kafka';
