-- The arm tau-1 on a second data set.
insert into runs (id, experiment_id, position, arm, seed, fold, spec, fingerprint, science_version) values
    ('00000000-0000-7000-8000-000000000013', '00000000-0000-7000-8000-000000000001', 2, 'tau-1', 0, null,
     '{"dataset": {"name": "phantom-over", "manifest": "m2"}}', 'f3', 's1');
