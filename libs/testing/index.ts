export { startKafka, type TestKafka } from './kafka';
export { startPostgres, type TestPostgres } from './postgres';
export { startRedis, type TestRedis } from './redis';
