-- Time that a test has moved, and a lease that expired.
update clock_offset set ahead = interval '90 seconds';
update counters set value = value + 1 where name = 'leases_expired_total';
