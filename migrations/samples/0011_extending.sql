-- An experiment that was extended once.
insert into past_definitions (experiment_id, number, bundle, bundle_hash) values
    ('00000000-0000-7000-8000-000000000001', 1,
     '{"experiment": {"file": "quickstart.toml", "text": "name = \"quickstart\""}, "methods": []}', 'b0');
