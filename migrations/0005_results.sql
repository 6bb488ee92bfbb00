-- What attempts report and leave behind.

-- What happened, for people: states and log lines. Curves and scores have tables of their own.
create table events (
    -- Where to read on. Batches of an attempt are stored one after the other under its row's lock, and a run's attempts
    -- follow each other, so that within a run ids appear in order.
    id bigserial primary key,
    attempt_id uuid not null references attempts,
    -- Position in the attempt's stream: a second arrival is the same event.
    sequence bigint not null check (sequence >= 0),
    -- The worker's clock, for display only.
    at timestamptz not null,
    -- What happened: started, log, dropped.
    kind text not null,
    -- The event as it was sent.
    body jsonb not null
);
-- Has this event arrived before?
create unique index events_once on events (attempt_id, sequence);
-- Which lines has this attempt logged, after this one?
create index events_log on events (attempt_id, id) where kind = 'log';

-- Points of curves.
create table metric_points (
    attempt_id uuid not null references attempts,
    -- Position in the attempt's stream: a second arrival is the same point.
    sequence bigint not null check (sequence >= 0),
    -- The curve, e.g. `train/loss`.
    series text not null,
    -- Optimiser step.
    step bigint not null check (step >= 0),
    -- Finite.
    value double precision not null
        check (value not in ('NaN'::float8, 'Infinity'::float8, '-Infinity'::float8)),
    primary key (attempt_id, sequence)
);
-- What does this curve look like?
create index metric_points_curve on metric_points (attempt_id, series, step);

-- Scores in long form. A key has one value: the one its newest attempt wrote.
create table scores (
    run_id uuid not null references runs,
    -- Who wrote it.
    attempt_id uuid not null references attempts,
    -- What was scored.
    output text not null,
    -- Rec number; null for the raters.
    recurrence integer check (recurrence >= 0),
    -- Test case.
    case_name text not null,
    structure text not null,
    -- What it was scored against.
    reference text not null,
    -- Name and version, e.g. `soft_dice@1`.
    metric text not null,
    -- Fraction, unrounded, finite.
    value double precision not null
        check (value not in ('NaN'::float8, 'Infinity'::float8, '-Infinity'::float8))
);
-- Nothing is scored twice.
create unique index scores_natural_key on scores
    (run_id, output, recurrence, case_name, structure, reference, metric) nulls not distinct;

-- Stored contents, by hash; the bytes lie in the artifact store under the same hash. The row's lock orders storing
-- against pruning.
create table blobs (
    -- BLAKE3 in hex.
    hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
    -- Bytes.
    size bigint not null check (size >= 0),
    -- When it was last given: younger ones are not pruned.
    stored_at timestamptz not null default mrprism_now()
);

-- Files of a run, by name. Uploading a name again replaces what it stands for.
create table artifacts (
    run_id uuid not null references runs,
    -- What it is.
    kind text not null check (kind in ('checkpoint', 'weights', 'prediction', 'provenance')),
    -- File name within the run, e.g. `predictions/case35.mrp`.
    name text not null check (name <> ''),
    hash text not null references blobs,
    -- Who stored it.
    attempt_id uuid not null references attempts,
    stored_at timestamptz not null default mrprism_now(),
    primary key (run_id, kind, name)
);
-- Is this content still needed?
create index artifacts_of_blob on artifacts (hash);
