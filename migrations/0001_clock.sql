-- The one clock that leases are judged by. Machines disagree about the time; the database is one machine.

-- How far this database's clock is set off. One row; zero everywhere but in tests, which move it to let leases
-- expire without waiting.
create table clock_offset (
    -- Always true: there is one clock.
    only_row boolean primary key default true check (only_row),
    -- Added to the machine's time.
    ahead interval not null default interval '0'
);
insert into clock_offset default values;

-- What time is it? Asked by every statement that compares or writes a time that matters.
create function mrprism_now() returns timestamptz
    language sql stable
    as $$ select statement_timestamp() + ahead from clock_offset $$;

-- What has happened how often since this database was made? Counts that no row tells.
create table counters (
    -- What is counted, e.g. `leases_expired_total`.
    name text primary key,
    -- How often.
    value bigint not null default 0 check (value >= 0)
);
insert into counters (name) values ('leases_expired_total');
