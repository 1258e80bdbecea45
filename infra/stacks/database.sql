-- Gives one service its database and role. psql runs it as the server's superuser; it may run again at any time and then only
-- sets the password. Names and password come from the environment: arguments can be read by every process of the machine.
\getenv name SERVICE_DATABASE
\getenv password SERVICE_PASSWORD
\set QUIET on
-- A statement that fails is logged with its text, and one of these has a password in it.
SET log_min_error_statement = panic;
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', :'name', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', :'name') \gexec
