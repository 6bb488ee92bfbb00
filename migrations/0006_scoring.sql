-- What scores are scores of, and scoring again.

-- A run's test cases and whom they show: a patient is the unit of tests and intervals.
create table run_cases (
    run_id uuid not null references runs,
    -- Test case, as scores name it.
    case_name text not null check (case_name <> ''),
    -- Whom it shows; the case's own name where nothing else is known.
    patient text not null check (patient <> ''),
    primary key (run_id, case_name)
);

-- What a job of kind `score` scores with, in place of what its run's specification says. The specification stays as it is.
create table scorings (
    job_id uuid primary key references jobs,
    -- References, metrics and fusions: an `[evaluation]` table.
    evaluation jsonb not null
);
