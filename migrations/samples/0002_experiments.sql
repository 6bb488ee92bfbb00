-- One experiment with two arms: a fixed split and a fold.
insert into experiments (id, name, question, bundle, bundle_hash) values
    ('00000000-0000-7000-8000-000000000001', 'quickstart', 'What do recurrences change?',
     '{"experiment": {"file": "quickstart.toml", "text": "name = \"quickstart\""}, "methods": []}', 'b1');
insert into runs (id, experiment_id, position, arm, seed, fold, spec, fingerprint, science_version) values
    ('00000000-0000-7000-8000-000000000011', '00000000-0000-7000-8000-000000000001', 0, 'tau-1', 0, null,
     '{"dataset": {"name": "phantom", "manifest": "m1"}}', 'f1', 's1'),
    ('00000000-0000-7000-8000-000000000012', '00000000-0000-7000-8000-000000000001', 1, 'tau-3', 0, 2,
     '{"dataset": {"name": "phantom", "manifest": "m1"}}', 'f2', 's1');
