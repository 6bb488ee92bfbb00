//! The one table of settings: key, variable, default, meaning and unit of each. What programs use, what `--help` says and
//! what `mrprism config show` prints are all read from here.

use crate::setting::{Setting, Unit, orchestrator, outside, worker};

/// Folder of state.
pub const HOME: Setting = outside(
    "home",
    "MRPRISM_HOME",
    "Folder of the server's and the worker's state",
)
.or("./.mrprism");

/// The settings file.
pub const CONFIG: Setting = outside("config", "MRPRISM_CONFIG", "Settings file")
    .otherwise("./mrprism.toml, else `<home>/mrprism.toml`");

/// The log's directives.
pub const LOG: Setting =
    outside("log", "MRPRISM_LOG", "What is logged, e.g. info or debug").or("info");

/// The server's address.
pub const SERVER: Setting =
    worker("server", "MRPRISM_SERVER", "Address of the server").otherwise("what the home says");

/// What the server wants to see.
pub const TOKEN: Setting =
    worker("token", "MRPRISM_TOKEN", "Token to show it").otherwise("what the home says");

/// The worker's pool.
pub const POOL: Setting = worker("pool", "MRPRISM_POOL", "Pool to claim from").or("default");

/// The worker's labels.
pub const LABELS: Setting = worker("labels", "MRPRISM_LABELS", "Labels for placement").or("");

/// What to compute on.
pub const DEVICE: Setting = worker(
    "device",
    "MRPRISM_DEVICE",
    "What to compute on: auto, cpu or cuda",
)
.or("auto");

/// Threads of a trainer.
pub const THREADS: Setting = worker(
    "threads",
    "MRPRISM_THREADS",
    "Processor threads a trainer uses",
)
.or("0")
.otherwise("the cores shared among the devices");

/// The settings of `mrprism-worker`, at the top of the file.
pub const WORKER: [Setting; 11] = [
    SERVER,
    TOKEN,
    POOL,
    LABELS,
    DEVICE,
    THREADS,
    worker(
        "heartbeat_seconds",
        "MRPRISM_HEARTBEAT_SECONDS",
        "Between heartbeats of an idle worker; a claim brings the server's own",
    )
    .or("5")
    .unit(Unit::SecondsOrZero),
    worker(
        "checkpoint_seconds",
        "MRPRISM_CHECKPOINT_SECONDS",
        "Between checkpoints on the worker's disk; 0: one at every epoch's end",
    )
    .or("15")
    .unit(Unit::SecondsOrZero),
    worker(
        "upload_seconds",
        "MRPRISM_UPLOAD_SECONDS",
        "Between uploads of a checkpoint",
    )
    .or("300")
    .unit(Unit::SecondsOrZero),
    worker(
        "finish_grace_seconds",
        "MRPRISM_FINISH_GRACE_SECONDS",
        "How long a finished attempt tries to be heard",
    )
    .or("600")
    .unit(Unit::SecondsOrZero),
    worker(
        "buffer_mib",
        "MRPRISM_BUFFER_MIB",
        "Disk that one attempt's undelivered events may take",
    )
    .or("256")
    .unit(Unit::Mebibytes),
];

/// Where the server listens.
pub const LISTEN: Setting = orchestrator(
    "listen",
    "MRPRISM_LISTEN",
    "Where to listen; the next free port where this one is taken, any free one for port 0",
)
.or("127.0.0.1:8080");

/// Whether other machines may reach the server.
pub const ALLOW_REMOTE: Setting = orchestrator(
    "allow_remote",
    "MRPRISM_ALLOW_REMOTE",
    "Listen on an address that other machines reach; the token is then all that protects the server",
)
.or("false");

/// A database of the user's own.
pub const DATABASE_URL: Setting = orchestrator(
    "database_url",
    "DATABASE_URL",
    "A Postgres (15 to 18) of your own",
)
.otherwise("a private Postgres in the home");

/// The private database's programs.
pub const POSTGRES_BIN: Setting = orchestrator(
    "postgres_bin",
    "MRPRISM_PG_BIN",
    "Folder with `initdb` and `postgres` for the private one",
)
.otherwise("what is found");

/// How long a lease lasts.
pub const LEASE_SECONDS: Setting = orchestrator(
    "lease_seconds",
    "MRPRISM_LEASE_SECONDS",
    "A lease ends this long after its last heartbeat",
)
.or("60")
.unit(Unit::Seconds);

/// How often leases are renewed.
pub const HEARTBEAT_SECONDS: Setting = orchestrator(
    "heartbeat_seconds",
    "MRPRISM_HEARTBEAT_SECONDS",
    "Workers send heartbeats this often",
)
.or("10")
.unit(Unit::Seconds);

/// How often expired leases are looked for.
pub const REAPER_SECONDS: Setting = orchestrator(
    "reaper_seconds",
    "MRPRISM_REAPER_SECONDS",
    "Expired leases are looked for this often",
)
.or("15")
.unit(Unit::Seconds);

/// When a trainer is taken for hung.
pub const PROGRESS_SECONDS: Setting = orchestrator(
    "progress_seconds",
    "MRPRISM_PROGRESS_SECONDS",
    "A trainer that reports nothing new for this long is taken for hung",
)
.or("3600")
.unit(Unit::Seconds);

/// How large stored files may be.
pub const MAX_ARTIFACT_MIB: Setting = orchestrator(
    "max_artifact_mib",
    "MRPRISM_MAX_ARTIFACT_MIB",
    "Largest file that workers may store",
)
.or("16384")
.unit(Unit::Mebibytes);

/// The settings of `mrprism-orchestrator`, under `[orchestrator]`.
pub const ORCHESTRATOR: [Setting; 9] = [
    LISTEN,
    ALLOW_REMOTE,
    DATABASE_URL,
    POSTGRES_BIN,
    LEASE_SECONDS,
    HEARTBEAT_SECONDS,
    REAPER_SECONDS,
    PROGRESS_SECONDS,
    MAX_ARTIFACT_MIB,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CONFIG, HOME, LOG, ORCHESTRATOR, WORKER};
    use crate::setting::{Setting, Unit};

    #[test]
    fn names_are_unique_and_say_their_unit() {
        let rows = || {
            WORKER
                .iter()
                .chain(&ORCHESTRATOR)
                .chain([&HOME, &CONFIG, &LOG])
        };
        let names: BTreeSet<_> = rows().map(Setting::name).collect();
        assert_eq!(names.len(), rows().count());
        for row in rows() {
            let seconds = row
                .unit
                .is_some_and(|unit| unit.seconds_may_be_zero().is_some());
            assert_eq!(row.key.ends_with("_seconds"), seconds, "{}", row.key);
            let mebibytes = row.unit == Some(Unit::Mebibytes);
            assert_eq!(row.key.ends_with("_mib"), mebibytes, "{}", row.key);
        }
    }
}
