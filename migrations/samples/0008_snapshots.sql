-- A frozen table.
insert into snapshots (name, experiment_id, hash, content, cites) values
    ('quickstart-1', '00000000-0000-7000-8000-000000000001', repeat('c', 64), '{"schema": "mrprism.table/1"}', '[]');
