-- Takes the login away from the role a service no longer uses. Pods that are on their way out still finish their requests with it:
-- it is waited for, at most a minute, until the role has no session. May run again at any time.
\getenv role WITHDRAWN_ROLE
\set QUIET on
SELECT set_config('platform.withdrawn', :'role', false) AS withdrawn \gset
DO $$
BEGIN
  FOR attempt IN 1..60 LOOP
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = current_setting('platform.withdrawn'));
    PERFORM pg_sleep(1);
  END LOOP;
END
$$;
SELECT format('ALTER ROLE %I NOLOGIN PASSWORD NULL', rolname) FROM pg_roles WHERE rolname = :'role' \gexec
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE usename = :'role' \gset
\echo login of :role withdrawn, sessions ended: :ended
