-- An experiment from elsewhere.
insert into experiments (id, name, question, bundle, bundle_hash) values
    ('00000000-0000-7000-8000-000000000002', 'elsewhere', 'What came out there?',
     '{"experiment": {"file": "elsewhere.toml", "text": "name = \"elsewhere\""}, "methods": []}', 'b2');
insert into imports (experiment_id, hash, worker_id, notes) values
    ('00000000-0000-7000-8000-000000000002', repeat('b', 64), '00000000-0000-7000-8000-000000000022',
     '{"1 open run was imported as cancelled."}');
