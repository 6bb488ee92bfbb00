-- Experiments that grow, and what planned runs are likely to cost.

-- Definitions that an experiment had before it was extended. The current one stands in `experiments`.
create table past_definitions (
    experiment_id uuid not null references experiments,
    -- From 1, oldest first.
    number integer not null check (number >= 1),
    -- The experiment file and the method files it names, as their texts.
    bundle jsonb not null,
    -- BLAKE3 of the bundle in canonical form.
    bundle_hash text not null,
    -- When another took its place.
    superseded_at timestamptz not null default mrprism_now(),
    primary key (experiment_id, number)
);

-- Has another experiment done this work already?
create index runs_by_fingerprint on runs (fingerprint);

alter table runs
    -- The kind of method it trains, e.g. `mrprism`: what runs that have been measured are found by.
    add column method_kind text
        generated always as (jsonb_path_query_first(spec -> 'method', '$.keyvalue().key', '{}', true) #>> '{}') stored;
-- How long did the newest runs of this kind of method take?
create index runs_measured on runs (method_kind, id) where train_seconds is not null;
