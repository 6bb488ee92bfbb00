-- The queue. A job is narrow, because every claim reads jobs; an attempt is one try at it, and its row is the lease.

-- A piece of work.
create table jobs (
    id uuid primary key,
    run_id uuid not null references runs,
    -- What it does.
    kind text not null check (kind in ('train', 'score', 'fuse', 'index', 'reproduce')),
    -- Where it stands; docs/queue.md draws the transitions.
    state text not null check (state in
        ('blocked', 'queued', 'leased', 'paused', 'succeeded', 'failed', 'cancelled', 'quarantined')),
    -- Which workers may take it.
    pool text not null,
    -- What a person gave it: higher is sooner.
    priority integer not null,
    -- Its place in the queue, earliest first: when it was queued, moved ahead by its priority. Linear aging never
    -- changes the order of two waiting jobs, so the place is written once (queue/order.rs).
    place timestamptz not null,
    -- The device it needs; null for any.
    device_kind text check (device_kind in ('cpu', 'cuda')),
    -- The device memory it needs.
    memory_mib bigint not null check (memory_mib >= 0),
    -- Not to be claimed before: backoff after a failure.
    not_before timestamptz not null default mrprism_now(),
    -- Attempts lost to infrastructure; counted apart from the job's own failures, and capped.
    infrastructure_failures integer not null default 0 check (infrastructure_failures >= 0),
    -- Attempts that ran out of device memory.
    memory_failures integer not null default 0 check (memory_failures >= 0),
    -- A person wants it ended; the lease's holder is told by its next heartbeat.
    cancel_requested boolean not null default false,
    -- When it was made.
    created_at timestamptz not null default mrprism_now(),
    -- When it became terminal.
    ended_at timestamptz,
    check ((ended_at is not null) = (state in ('succeeded', 'failed', 'cancelled', 'quarantined')))
);
-- What is next in this pool?
create index jobs_next on jobs (pool, place, id) where state = 'queued';
-- What is a run's newest job?
create index jobs_of_run on jobs (run_id, created_at desc, id);
-- Nobody works twice on a run at a time.
create unique index jobs_one_open_a_run on jobs (run_id)
    where state in ('blocked', 'queued', 'leased', 'paused');
-- What has succeeded is never repeated.
create unique index jobs_one_success_a_run on jobs (run_id)
    where state = 'succeeded' and kind = 'train';

-- Terminal rows are final: a retry is a new job of the same run.
create function refuse_to_rewrite_a_terminal_job() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'job % is % and final: a retry is a new job of the same run', old.id, old.state
        using errcode = 'restrict_violation';
end
$$;
create trigger jobs_terminal_final
    before update or delete on jobs
    for each row
    when (old.state in ('succeeded', 'failed', 'cancelled', 'quarantined'))
    execute function refuse_to_rewrite_a_terminal_job();

-- A run that has succeeded gets no further training job.
create function refuse_to_repeat_a_success() returns trigger
    language plpgsql
    as $$
begin
    if exists (select from jobs where run_id = new.run_id and kind = 'train' and state = 'succeeded') then
        raise exception 'run % has succeeded: equal work is not repeated', new.run_id
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger jobs_success_not_repeated
    before insert on jobs
    for each row
    when (new.kind = 'train')
    execute function refuse_to_repeat_a_success();

-- Fences grow over all jobs, so that a later attempt's is always larger.
create sequence fences as bigint;

-- One try at a job, and while it has no outcome the right to write for it. Rows are added, ended once, and kept.
create table attempts (
    id uuid primary key,
    job_id uuid not null references jobs,
    -- The job's run: whose results it writes.
    run_id uuid not null references runs,
    -- Number of this try among the run's, from 1.
    number integer not null check (number >= 1),
    -- What every write must name.
    fence bigint not null unique default nextval('fences'),
    -- Chosen by the claimer: has this claim been answered already?
    nonce uuid not null unique,
    worker_id uuid not null references workers,
    -- The worker's host, kept here for host avoidance.
    host text not null,
    -- The device it occupies.
    device_kind text not null check (device_kind in ('cpu', 'cuda')),
    device_index integer not null check (device_index >= 0),
    -- When it was claimed.
    started_at timestamptz not null default mrprism_now(),
    -- When the reaper may end it; every heartbeat moves it on.
    lease_expires_at timestamptz not null,
    -- When it ended.
    ended_at timestamptz,
    -- How it ended.
    outcome text check (outcome in
        ('succeeded', 'failed', 'out_of_memory', 'infrastructure', 'lost', 'yielded', 'cancelled')),
    -- The error, for people.
    message text,
    -- The epoch and step it went on from; null where it began anew or has not begun.
    resumed_from_epoch bigint check (resumed_from_epoch >= 0),
    resumed_from_step bigint check (resumed_from_step > 0),
    -- What is being done: train, predict, score. Null until the trainer says so.
    phase text,
    -- Where it stands.
    step bigint not null default 0 check (step >= 0),
    epoch bigint not null default 0 check (epoch >= 0),
    -- Steps in all; null until training has begun.
    steps bigint check (steps >= 0),
    -- The highest sequence that has arrived: an older batch that arrives late does not turn progress back.
    last_sequence bigint check (last_sequence >= 0),
    -- Metric points that its worker had to drop.
    dropped_points bigint not null default 0 check (dropped_points >= 0),
    unique (run_id, number),
    check ((ended_at is null) = (outcome is null))
);
-- At most one live attempt a job: nobody else holds the lease.
create unique index attempts_one_live_a_job on attempts (job_id) where ended_at is null;
-- At most one live attempt a device: slots are counted from leases.
create unique index attempts_one_live_a_device on attempts (worker_id, device_kind, device_index)
    where ended_at is null;
-- Whose lease has run out?
create index attempts_expiring on attempts (lease_expires_at) where ended_at is null;
-- Which attempts did this job lose on which host?
create index attempts_of_job on attempts (job_id, host);

-- An attempt that has ended is never rewritten.
create function refuse_to_rewrite_an_ended_attempt() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'attempt % has ended (%): it is never rewritten', old.id, old.outcome
        using errcode = 'restrict_violation';
end
$$;
create trigger attempts_ended_final
    before update or delete on attempts
    for each row
    when (old.outcome is not null)
    execute function refuse_to_rewrite_an_ended_attempt();
