-- A job that was lost once and is tried again, and one that succeeded.
insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, infrastructure_failures) values
    ('00000000-0000-7000-8000-000000000031', '00000000-0000-7000-8000-000000000011', 'train', 'leased', 'default', 0,
     mrprism_now(), 0, 1);
insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, ended_at) values
    ('00000000-0000-7000-8000-000000000032', '00000000-0000-7000-8000-000000000012', 'train', 'succeeded', 'default', 2,
     mrprism_now(), 0, mrprism_now());
insert into attempts (id, job_id, run_id, number, nonce, worker_id, host, device_kind, device_index, lease_expires_at,
    ended_at, outcome, message) values
    ('00000000-0000-7000-8000-000000000041', '00000000-0000-7000-8000-000000000031',
     '00000000-0000-7000-8000-000000000011', 1, '00000000-0000-7000-8000-000000000051',
     '00000000-0000-7000-8000-000000000022', 'two', 'cpu', 0, mrprism_now(), mrprism_now(), 'lost', 'silent');
insert into attempts (id, job_id, run_id, number, nonce, worker_id, host, device_kind, device_index, lease_expires_at,
    resumed_from_epoch, resumed_from_step, phase, step, epoch, steps, last_sequence) values
    ('00000000-0000-7000-8000-000000000042', '00000000-0000-7000-8000-000000000031',
     '00000000-0000-7000-8000-000000000011', 2, '00000000-0000-7000-8000-000000000052',
     '00000000-0000-7000-8000-000000000021', 'one', 'cpu', 0, mrprism_now() + interval '60 seconds',
     3, 12, 'train', 20, 5, 100, 7);
