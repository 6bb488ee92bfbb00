-- Tables as they were when somebody cited them.

create table snapshots (
    -- What it is cited as.
    name text primary key check (name ~ '^[A-Za-z0-9._-]{1,100}$'),
    -- Whose table it is.
    experiment_id uuid not null references experiments,
    -- BLAKE3 of the content: equal content is frozen once.
    hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
    -- The table's JSON as it was printed, letter by letter: jsonb would write it anew.
    content text not null,
    -- The runs it is made of or lacks, with what their numbers depend on.
    cites jsonb not null,
    -- When it was frozen.
    created_at timestamptz not null default mrprism_now()
);
-- Which snapshots are the newest?
create index snapshots_newest on snapshots (created_at desc, name);
-- What was frozen of this experiment?
create index snapshots_of_experiment on snapshots (experiment_id);

-- What was cited stays as it was.
create function refuse_to_change_a_snapshot() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'snapshot % is frozen: freeze the table under another name', old.name
        using errcode = 'restrict_violation';
end
$$;
create trigger snapshots_frozen
    before update or delete on snapshots
    for each row
    execute function refuse_to_change_a_snapshot();
