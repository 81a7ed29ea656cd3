-- The roles of Tallystick. Run by a superuser, once per server, before the migrations; may be run again.
-- No role is a superuser and none may bypass row-level security. Passwords are set elsewhere, for
-- tallystick_owner and tallystick_app only; the others cannot log in.
--
--   tallystick_owner    owns the database and runs the migrations
--   tallystick_app      what web, workers and sweeper log in as: may do nothing itself, and takes one of
--   tallystick_web      what a request may do
--   tallystick_intake   what it takes to keep an event: adds, and reads no event
--   tallystick_worker   what a job may do
--   tallystick_reader   what a report may read

DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'tallystick_owner', 'tallystick_app',
        'tallystick_web', 'tallystick_intake', 'tallystick_worker', 'tallystick_reader'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
    END LOOP;
END
$roles$;

ALTER ROLE tallystick_owner LOGIN INHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE tallystick_app LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE tallystick_web NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE tallystick_intake NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE tallystick_worker NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE tallystick_reader NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;

DO $members$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'tallystick_web', 'tallystick_intake', 'tallystick_worker', 'tallystick_reader'
    ] LOOP
        IF NOT EXISTS (
            SELECT FROM pg_auth_members
            WHERE roleid = wanted::regrole AND member = 'tallystick_app'::regrole
        ) THEN
            EXECUTE format('GRANT %I TO tallystick_app', wanted);
        END IF;
    END LOOP;
END
$members$;
