-- Gives one service its database and lets one of its two roles log in. psql runs it as the server's superuser, or as an
-- administrator who may make databases and roles (RDS has no superuser); it may run again at any time and then only sets the password. Names and password come from the environment: arguments can be read by every process
-- of the machine.
\getenv owner SERVICE_DATABASE
\getenv role SERVICE_ROLE
\getenv password SERVICE_PASSWORD
\set QUIET on
-- A statement that fails is logged with its text, and one of these has a password in it. Only a superuser may say so.
SELECT set_config(name, value, false) FROM pg_roles, (VALUES
  ('log_min_error_statement', 'panic'), ('log_statement', 'none'), ('log_min_duration_statement', '-1')) AS quiet (name, value)
WHERE rolname = current_user AND rolsuper \g /dev/null
SET client_min_messages = warning;
-- Nobody logs in as the owner. Whoever does log in acts as the owner, so that all objects are its own and a role can go.
SELECT format('CREATE ROLE %I', :'owner') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT format('ALTER ROLE %I NOLOGIN NOCREATEDB NOCREATEROLE PASSWORD NULL', :'owner') \gexec
-- Whoever is no superuser gives databases only to roles it may act as.
SELECT format('GRANT %I TO CURRENT_USER', :'owner') FROM pg_roles WHERE rolname = current_user AND NOT rolsuper \gexec
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE PASSWORD %L', :'role', :'password') \gexec
SELECT format('GRANT %I TO %I', :'owner', :'role') \gexec
SELECT format('ALTER ROLE %I SET role = %L', :'role', :'owner') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'owner', :'owner') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'owner') \gexec
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', :'owner') \gexec
