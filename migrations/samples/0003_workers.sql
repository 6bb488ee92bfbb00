-- A worker that holds the data set, and one that went silent.
insert into workers (id, host, pool, labels, devices, science_version) values
    ('00000000-0000-7000-8000-000000000021', 'one', 'default', '{big}',
     '[{"kind": "cpu", "index": 0, "name": "a processor", "memory_mib": 1024, "threads": 2}]', 's1'),
    ('00000000-0000-7000-8000-000000000022', 'two', 'default', '{}', '[]', 's1');
update workers set gone_at = mrprism_now() where host = 'two';
insert into datasets (name, manifest, card) values ('phantom', 'm1', '{}'), ('phantom', 'm2', '{}');
insert into worker_datasets (worker_id, name, manifest) values
    ('00000000-0000-7000-8000-000000000021', 'phantom', 'm1');
