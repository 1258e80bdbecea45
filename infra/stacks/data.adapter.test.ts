// What the data layer starts PostgreSQL with, on a real server.
import { startPostgres, type TestPostgres } from '@platform/libs/testing';
import pg from 'pg';
import { serverArguments } from './data';

jest.setTimeout(60_000);

let server: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
  server = await startPostgres(serverArguments({ maxConnections: 57, sharedBuffers: '96MB' }));
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

test('PostgreSQL takes every setting, in the unit it was meant in', async () => {
  const { rows } = await client.query<{ name: string; value: string }>(
    "select name, current_setting(name) as value from pg_settings where source = 'command line'",
  );
  expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toMatchObject({
    max_connections: '57',
    shared_buffers: '96MB',
    shared_preload_libraries: 'pg_stat_statements,auto_explain',
    'pg_stat_statements.track': 'all',
    'auto_explain.log_min_duration': '1s',
    track_io_timing: 'on',
    track_activity_query_size: '4kB',
    log_min_duration_statement: '1s',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    log_lock_waits: 'on',
    autovacuum: 'on',
    autovacuum_vacuum_scale_factor: '0.05',
    autovacuum_analyze_scale_factor: '0.02',
    autovacuum_vacuum_insert_scale_factor: '0.1',
    autovacuum_vacuum_cost_limit: '1000',
    autovacuum_naptime: '15s',
    log_autovacuum_min_duration: '10s',
    idle_in_transaction_session_timeout: '1min',
  });
});

test('it counts what statements cost', async () => {
  await client.query('create extension pg_stat_statements');
  await client.query('select count(*) from pg_am');
  const { rows } = await client.query(
    "select calls from pg_stat_statements where query = 'select count(*) from pg_am'",
  );
  expect(rows).toEqual([{ calls: '1' }]);
});
