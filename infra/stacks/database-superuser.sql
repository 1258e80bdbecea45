-- Gives the server's superuser, who runs this, another password. May run again at any time.
\getenv password NEW_PASSWORD
\set QUIET on
SET log_min_error_statement = panic;
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SELECT format('ALTER ROLE CURRENT_USER PASSWORD %L', :'password') \gexec
