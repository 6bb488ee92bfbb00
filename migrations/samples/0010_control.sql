-- A run that waits for another, and one that is asked to come back.
update experiments set pool = 'big', priority = 2, labels = '{a100}', max_parallel = 3, retries = 1, preemptible = true,
    deadline = mrprism_now() + interval '1 day', progress_minutes = 30
    where id = '00000000-0000-7000-8000-000000000001';
update jobs set asked = 'pause', preempted_at = mrprism_now(), own_failures = 1
    where id = '00000000-0000-7000-8000-000000000031';
insert into jobs (id, run_id, kind, state, pool, priority, place, memory_mib, labels, waits_for, reason) values
    ('00000000-0000-7000-8000-000000000034', '00000000-0000-7000-8000-000000000013', 'train', 'blocked', 'big', 2,
     mrprism_now(), 0, '{a100}', '00000000-0000-7000-8000-000000000011', null);
