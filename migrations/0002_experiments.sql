-- What was asked (experiments) and what has to be computed to answer it (runs).

-- One question, as its author submitted it.
create table experiments (
    id uuid primary key,
    -- What people call it. Unique, so that a table's address is its name.
    name text not null unique check (name <> ''),
    -- What it asks, in a sentence; printed over its table.
    question text not null,
    -- The experiment file and the method files it names, as their texts.
    bundle jsonb not null,
    -- BLAKE3 of the bundle in canonical form: is this the same submission again?
    bundle_hash text not null,
    -- When it was submitted.
    created_at timestamptz not null default mrprism_now(),
    -- When a person cancelled it; tells a cancelled experiment from one whose runs merely failed.
    cancelled_at timestamptz
);
-- Which experiments are the newest?
create index experiments_newest on experiments (created_at desc, id);

-- One arm with one seed and one fold. What a run is never changes; what became of it is its newest job's state.
create table runs (
    id uuid primary key,
    experiment_id uuid not null references experiments,
    -- The order in which the experiment names its cells: tables and lists follow it.
    position integer not null check (position >= 0),
    -- The arm's name.
    arm text not null,
    -- The replicate.
    seed bigint not null check (seed >= 0),
    -- The fold of the data set's own cross-validation; null for its fixed split.
    fold integer check (fold >= 0),
    -- The whole specification: nothing reads a default after this.
    spec jsonb not null,
    -- The data set it needs, by name and content: what claims match.
    dataset_name text not null generated always as (spec -> 'dataset' ->> 'name') stored,
    dataset_manifest text not null generated always as (spec -> 'dataset' ->> 'manifest') stored,
    -- Hash of spec, seed, fold and science version: equal fingerprints are the same work.
    fingerprint text not null,
    -- Hash of the sources that its numbers depend on; only a worker built from the same may run it.
    science_version text not null,
    -- BLAKE3 over the final weights; null until training has ended.
    weights_hash text,
    -- Seconds of training of the attempt that succeeded, without waiting and set-up.
    train_seconds double precision check (train_seconds >= 0)
);
-- Which runs has an experiment, in order?
create unique index runs_of_experiment on runs (experiment_id, position);
-- Is this cell there already?
create unique index runs_one_a_cell on runs (experiment_id, arm, seed, fold) nulls not distinct;
-- Is this work there already, under another name?
create unique index runs_one_a_fingerprint on runs (experiment_id, fingerprint);

-- A run's specification is complete and immutable.
create function refuse_another_specification() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'run % is immutable: what it is was decided when it was submitted', old.id
        using errcode = 'restrict_violation';
end
$$;
create trigger runs_specification_immutable
    before update of id, experiment_id, position, arm, seed, fold, spec, fingerprint, science_version on runs
    for each row
    when ((old.id, old.experiment_id, old.position, old.arm, old.seed, old.fold, old.spec, old.fingerprint, old.science_version)
        is distinct from
        (new.id, new.experiment_id, new.position, new.arm, new.seed, new.fold, new.spec, new.fingerprint, new.science_version))
    execute function refuse_another_specification();
