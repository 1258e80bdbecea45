// Settings of PostgreSQL that are the same whoever runs the server: our own pods take them as arguments, RDS as parameters.

/** By what they are for. Milliseconds, seconds or bytes as PostgreSQL counts them. */
export const postgresSettings: Readonly<Record<string, string | number>> = {
  // Query plans: which statements cost most, how often they ran, and how the slow ones went about it.
  shared_preload_libraries: 'pg_stat_statements,auto_explain',
  'pg_stat_statements.track': 'all',
  track_activity_query_size: 4096,
  track_io_timing: 1,
  'auto_explain.log_min_duration': 1000,
  // Who waits for whom, and what is slow. Values of parameters are personal data and stay out.
  log_min_duration_statement: 1000,
  log_parameter_max_length: 0,
  log_parameter_max_length_on_error: 0,
  log_lock_waits: 1,
  // VACUUM and ANALYZE after a share of a table has changed: 5 and 2 per cent instead of 20 and 10, which a large table takes months to reach.
  autovacuum: 1,
  autovacuum_vacuum_scale_factor: 0.05,
  autovacuum_analyze_scale_factor: 0.02,
  autovacuum_vacuum_insert_scale_factor: 0.1,
  autovacuum_vacuum_cost_limit: 1000,
  autovacuum_naptime: 15,
  log_autovacuum_min_duration: 10_000,
  // A service that forgets a connection does not hold its locks for ever.
  idle_in_transaction_session_timeout: 60_000,
};

/** Those of them that only count from the next start of the server. */
export const countsFromStart: ReadonlySet<string> = new Set([
  'shared_preload_libraries',
  'track_activity_query_size',
]);

/** As arguments of `postgres`. */
export const settingArguments = (settings: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
