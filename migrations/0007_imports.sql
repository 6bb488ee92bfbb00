-- Experiments that were run elsewhere.

-- An experiment whose rows were not made by this server's queue but read from an export.
create table imports (
    experiment_id uuid primary key references experiments,
    -- BLAKE3 of what was imported: is this the same export again?
    hash text not null check (hash ~ '^[0-9a-f]{64}$'),
    -- The worker that stands for whoever made its attempts; present nowhere and offering nothing.
    worker_id uuid not null references workers,
    -- What is not as it was exported, for people.
    notes text[] not null,
    -- When it was imported.
    imported_at timestamptz not null default mrprism_now()
);
