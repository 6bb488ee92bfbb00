-- The live run's test case, and a scoring of a run that has succeeded.
insert into run_cases (run_id, case_name, patient) values
    ('00000000-0000-7000-8000-000000000011', 'case1', 'patient1');
insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib) values
    ('00000000-0000-7000-8000-000000000033', '00000000-0000-7000-8000-000000000012', 'score', 'queued', 'default', 0,
     mrprism_now(), 0);
insert into scorings (job_id, evaluation) values
    ('00000000-0000-7000-8000-000000000033', '{"recurrences": 4, "references": ["staple"], "metrics": ["soft_dice"]}');
