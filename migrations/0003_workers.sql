-- Who works, and on which data.

-- One process of a worker. A restart is a new row, so that a reused name never hides an orphan.
create table workers (
    -- Chosen by the process at its start.
    id uuid primary key,
    -- The machine it runs on; what host avoidance goes by.
    host text not null,
    -- The pool it claims from.
    pool text not null,
    -- Labels for placement.
    labels text[] not null,
    -- What it offers: a list of {kind, index, name, memory_mib, threads}.
    devices jsonb not null,
    -- Hash of the sources it was built from.
    science_version text not null,
    -- Git revision it was built from, where known; provenance only.
    revision text,
    -- Told by its next heartbeat to claim nothing more.
    draining boolean not null default false,
    -- When it introduced itself.
    registered_at timestamptz not null default mrprism_now(),
    -- When it last said anything.
    last_seen_at timestamptz not null default mrprism_now(),
    -- When it was found silent for longer than a lease; a later heartbeat clears it. Leases do not depend on it.
    gone_at timestamptz
);
-- Which workers are there now?
create index workers_present on workers (pool) where gone_at is null;

-- A data set that some worker has held: name and content.
create table datasets (
    -- What experiments call it.
    name text not null check (name <> ''),
    -- BLAKE3 of its files and definition.
    manifest text not null,
    -- What the worker said of it: raters, structures, channels, cases.
    card jsonb not null,
    -- When a worker last said so: of two manifests the newer one is meant by the name.
    reported_at timestamptz not null default mrprism_now(),
    primary key (name, manifest)
);

-- Which worker holds what now?
create table worker_datasets (
    worker_id uuid not null references workers on delete cascade,
    name text not null,
    manifest text not null,
    primary key (worker_id, name),
    foreign key (name, manifest) references datasets
);
-- Who holds this data set?
create index worker_datasets_holders on worker_datasets (name, manifest);
