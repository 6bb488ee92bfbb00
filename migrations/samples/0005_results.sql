-- What the live attempt has reported and stored.
insert into events (attempt_id, sequence, at, kind, body) values
    ('00000000-0000-7000-8000-000000000042', 0, mrprism_now(), 'started', '{"kind": "started", "step": 12}'),
    ('00000000-0000-7000-8000-000000000042', 2, mrprism_now(), 'log', '{"level": "info", "message": "hello"}');
insert into metric_points (attempt_id, sequence, series, step, value) values
    ('00000000-0000-7000-8000-000000000042', 1, 'train/loss', 13, 0.5);
insert into scores (run_id, attempt_id, output, recurrence, case_name, structure, reference, metric, value) values
    ('00000000-0000-7000-8000-000000000011', '00000000-0000-7000-8000-000000000042', 'prediction', 0, 'case1', 'disc',
     'mean', 'soft_dice@1', 0.8),
    ('00000000-0000-7000-8000-000000000011', '00000000-0000-7000-8000-000000000042', 'rater:1', null, 'case1', 'disc',
     'leave-one-out:1', 'soft_dice@1', 0.9);
insert into blobs (hash, size) values (repeat('a', 64), 3);
insert into artifacts (run_id, kind, name, hash, attempt_id) values
    ('00000000-0000-7000-8000-000000000011', 'checkpoint', 'latest.safetensors', repeat('a', 64),
     '00000000-0000-7000-8000-000000000042');
