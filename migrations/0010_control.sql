-- What people and the queue may ask of waiting and running work.

-- Where and how urgently an experiment's runs wait: its `[queue]` table, as it was changed last. New jobs get theirs from here.
alter table experiments
    -- Which workers may take its runs.
    add column pool text not null default 'default' check (pool <> ''),
    -- Higher is sooner.
    add column priority integer not null default 0 check (priority between -1000 and 1000),
    -- A worker must have all of them.
    add column labels text[] not null default '{}',
    -- The kind of device its runs need; null for any.
    add column device_kind text check (device_kind in ('cpu', 'cuda')),
    -- The device memory a run needs.
    add column memory_mib bigint not null default 0 check (memory_mib >= 0),
    -- Whether its runs may be stopped at a checkpoint for one of a higher priority.
    add column preemptible boolean not null default false,
    -- How many of its runs may be at work at a time; null for any number. Counted from live leases.
    add column max_parallel integer check (max_parallel > 0),
    -- How often a run whose own error ended it is tried again.
    add column retries integer not null default 0 check (retries >= 0),
    -- When what has not ended is cancelled.
    add column deadline timestamptz,
    -- A trainer that reports nothing new for this long is taken for hung; null for the server's own limit.
    add column progress_minutes integer check (progress_minutes > 0),
    -- When a person paused it; its waiting runs are paused, and those that come.
    add column paused_at timestamptz;
-- Whose deadline comes next?
create index experiments_deadlines on experiments (deadline) where deadline is not null;

alter table jobs
    -- A worker must have all of them.
    add column labels text[] not null default '{}',
    -- Whether it may be stopped at a checkpoint for one of a higher priority.
    add column preemptible boolean not null default false,
    -- What the holder of its lease is asked to do at its next heartbeat: end, or write a checkpoint and give it back.
    add column asked text check (asked in ('cancel', 'pause', 'preempt')),
    -- Attempts that its own error ended and that were tried again, as its experiment asks.
    add column own_failures integer not null default 0 check (own_failures >= 0),
    -- When it was last stopped for another.
    add column preempted_at timestamptz,
    -- It waits (as blocked) until this run has been trained.
    add column waits_for uuid references runs,
    -- Why it ended or waits, where no attempt says so.
    add column reason text;
update jobs set asked = 'cancel' where cancel_requested and ended_at is null;
alter table jobs drop column cancel_requested;
-- Who waits for this run?
create index jobs_waiting_for on jobs (waits_for) where state = 'blocked';
-- Nobody works twice on a run at a time; what is blocked waits for somebody who works.
drop index jobs_one_open_a_run;
create unique index jobs_one_open_a_run on jobs (run_id) where state in ('queued', 'leased', 'paused');
-- And a thing that is waited for is asked for once.
create unique index jobs_one_blocked_a_kind on jobs (run_id, kind) where state = 'blocked';

alter table attempts
    -- When its trainer last got further: a step, an epoch, another phase.
    add column progress_at timestamptz not null default mrprism_now();
