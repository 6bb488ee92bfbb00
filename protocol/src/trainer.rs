//! What a process that trains is started with, whoever starts it.

/// Environment of a trainer.
///
/// - Threads of libtorch that spin while they wait steal the cores of whoever they wait for once several programs share a
///   processor: a step then takes ten times as long. They sleep.
/// - A step frees and allocates gigabytes. The C library keeps them for the next one: given back to the system, every page
///   would be zeroed and mapped anew (docs/decisions/004).
pub const ENVIRONMENT: [(&str, &str); 3] = [
    ("OMP_WAIT_POLICY", "passive"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "68719476736"),
];
