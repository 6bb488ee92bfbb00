//! The program itself: its private Postgres, its home, its end.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use mrprism_protocol::wire::WorkerView;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{introduction, phantom};

/// A home that any user may enter.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A server process.
struct Program {
    child: Child,
    says: BufReader<ChildStderr>,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrprism-orchestrator"));
    command
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env_remove("DATABASE_URL")
        .env_remove("MRPRISM_PG_BIN")
        .env("MRPRISM_LOG", "info")
        .env("NO_COLOR", "1");
    command
}

fn serve(home: &Path, more: &[&str]) -> Program {
    let mut child = command(&["serve", "--listen", "127.0.0.1:0", "--home"])
        .arg(home)
        .args(more)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let says = BufReader::new(child.stderr.take().unwrap());
    Program { child, says }
}

impl Program {
    /// Reads what it says until a line holds `word`; all lines up to there.
    fn until(&mut self, word: &str) -> String {
        let mut said = String::new();
        loop {
            let before = said.len();
            let read = self.says.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended without '{word}':\n{said}");
            if said[before..].contains(word) {
                return said;
            }
        }
    }

    fn ready(&mut self) -> String {
        self.until("listening on")
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Ends it in order.
    fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.child.wait().unwrap();
    }

    /// Waits for it to fail; what it said.
    fn fails(mut self, code: i32) -> String {
        let mut said = String::new();
        std::io::Read::read_to_string(&mut self.says, &mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{said}");
        said
    }
}

/// The first line of `postmaster.pid`, if a server runs.
fn postgres_pid(home: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(home.join("pg/data/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// One folder of binaries for each major version on this machine.
fn installed() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let system = (15..=18).map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
    std::iter::once(root.join(".deps/postgres/bin"))
        .chain(system)
        .filter(|folder| folder.join("initdb").exists())
        .collect()
}

async fn workers(home: &Path) -> Vec<WorkerView> {
    let (address, token) = address(home);
    let call = reqwest::Client::new()
        .get(format!("{address}/api/v1/workers"))
        .bearer_auth(token);
    call.send().await.unwrap().json().await.unwrap()
}

fn address(home: &Path) -> (String, String) {
    let text = std::fs::read_to_string(home.join("server.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let token = std::fs::read_to_string(home.join("token")).unwrap();
    (file["address"].as_str().unwrap().to_owned(), token)
}

/// Started, killed, adopted, stopped, started again: what was written is there, and nothing runs in the end.
#[tokio::test]
async fn the_private_postgres_outlives_a_killed_server_and_ends_with_a_stopped_one() {
    for binaries in installed() {
        let home = Home::new();
        let more = ["--postgres-bin", binaries.to_str().unwrap()];
        let mut first = serve(home.path(), &more);
        assert!(first.ready().contains("adopted=false"));
        let token = home.path().join("token");
        let mode = std::fs::metadata(&token).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (address, secret) = address(home.path());
        let mut worker = introduction("here", vec![phantom("phantom", "m1")], 1);
        worker.science_version = env!("MRPRISM_SCIENCE_VERSION").to_owned();
        let call = reqwest::Client::new()
            .post(format!("{address}/api/v1/worker/register"))
            .bearer_auth(&secret)
            .json(&worker);
        assert_eq!(call.send().await.unwrap().status().as_u16(), 204);
        let pid = postgres_pid(home.path()).unwrap();
        first.kill();
        assert_eq!(
            postgres_pid(home.path()),
            Some(pid),
            "it outlives the server"
        );
        let mut second = serve(home.path(), &more);
        assert!(second.ready().contains("adopted=true"));
        assert_eq!(postgres_pid(home.path()), Some(pid));
        assert_eq!(workers(home.path()).await.len(), 1);
        second.stop();
        assert_eq!(postgres_pid(home.path()), None);
        assert!(!home.path().join("server.json").exists());
        let mut third = serve(home.path(), &more);
        assert!(third.ready().contains("adopted=false"));
        assert_eq!(workers(home.path()).await.len(), 1);
        assert_eq!(std::fs::read_to_string(&token).unwrap(), secret);
        third.stop();
    }
}

#[test]
fn a_killed_postgres_and_its_stale_file_are_recovered_from() {
    let home = Home::new();
    let mut first = serve(home.path(), &[]);
    first.ready();
    let pid = postgres_pid(home.path()).unwrap();
    first.kill();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    let mut second = serve(home.path(), &[]);
    second.ready();
    assert_ne!(postgres_pid(home.path()), Some(pid));
    second.stop();
    // The process number in the file is a stranger's now: this test's own.
    let file = home.path().join("pg/data/postmaster.pid");
    std::fs::write(&file, format!("{}\n", std::process::id())).unwrap();
    let mut third = serve(home.path(), &[]);
    third.ready();
    third.stop();
}

/// An administrator's restart gives Postgres another process number under a server that lives on.
#[tokio::test]
async fn a_postgres_that_was_restarted_under_its_server_serves_on_and_ends_with_it() {
    let home = Home::new();
    let mut server = serve(home.path(), &[]);
    server.ready();
    let before = postgres_pid(home.path()).unwrap();
    restart_postgres(home.path(), before);
    assert_ne!(postgres_pid(home.path()), Some(before));
    assert!(workers(home.path()).await.is_empty());
    server.stop();
    assert_eq!(postgres_pid(home.path()), None);
}

/// `pg_ctl restart`, as the user that Postgres runs as.
fn restart_postgres(home: &Path, pid: i32) {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let program = std::fs::read_link(process.join("exe")).unwrap();
    let owner = std::fs::metadata(&process).unwrap();
    let mut restart = Command::new(program.with_file_name("pg_ctl"));
    restart
        .args(["restart", "-m", "fast", "-w", "-l"])
        .arg(home.join("pg/postgres.log"))
        .arg("-D")
        .arg(home.join("pg/data"))
        .current_dir(home.join("pg"))
        .stdout(Stdio::null());
    if nix::unistd::Uid::effective().is_root() {
        restart.uid(owner.uid()).gid(owner.gid());
    }
    assert!(restart.status().unwrap().success());
}

#[test]
fn a_second_server_on_a_live_home_is_refused_with_its_address() {
    let home = Home::new();
    let mut first = serve(home.path(), &[]);
    first.ready();
    let said = serve(home.path(), &[]).fails(1);
    assert!(said.contains(&address(home.path()).0), "{said}");
    first.stop();
}

#[test]
fn a_cluster_of_another_version_is_a_clear_error() {
    let home = Home::new();
    let mut first = serve(home.path(), &[]);
    first.ready();
    first.stop();
    std::fs::write(home.path().join("pg/data/PG_VERSION"), "14\n").unwrap();
    let said = serve(home.path(), &[]).fails(1);
    assert!(said.contains("made by PostgreSQL 14"), "{said}");
}

#[test]
fn a_home_with_a_long_path_gets_a_short_socket() {
    let home = Home::new();
    let long = home.path().join("x".repeat(120));
    let mut server = serve(&long, &[]);
    server.ready();
    let sockets = std::fs::read_to_string(long.join("pg/data/postmaster.pid")).unwrap();
    let folder = PathBuf::from(sockets.lines().nth(4).unwrap());
    assert!(folder.starts_with("/tmp"), "{}", folder.display());
    server.stop();
    assert!(!folder.exists(), "nothing is left in /tmp");
}

/// A root caller's cluster must lie where its user can go; anybody else's lies in the home.
#[test]
fn a_cluster_whose_user_cannot_reach_the_home_lies_in_var_tmp() {
    let home = Home::new();
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let mut server = serve(home.path(), &[]);
    let said = server.ready();
    let elsewhere = said.lines().find_map(|line| {
        line.split_once("the database lies in ")
            .map(|(_, path)| path.trim())
    });
    server.stop();
    if nix::unistd::Uid::effective().is_root() {
        let folder = PathBuf::from(elsewhere.unwrap());
        assert!(folder.starts_with("/var/tmp"), "{said}");
        assert!(folder.join("data/PG_VERSION").exists());
        std::fs::remove_dir_all(folder).unwrap();
    } else {
        assert_eq!(elsewhere, None);
        assert!(home.path().join("pg/data/PG_VERSION").exists());
    }
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_give() {
    let home = Home::new();
    let said = serve(home.path(), &["--heartbeat-seconds", "60"]).fails(2);
    assert!(said.contains("three heartbeats"), "{said}");
    let output = command(&["serve", "--listen", "0.0.0.0:0", "--home"])
        .arg(home.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--allow-remote"));
    assert!(!home.path().join("token").exists(), "nothing was written");
}

#[test]
fn a_test_database_lives_as_long_as_its_command() {
    let script = "echo \"$MRPRISM_TEST_DATABASE_URL\"; exit 7";
    let output = command(&["test-database", "--", "sh", "-c", script])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
    let url = String::from_utf8(output.stdout).unwrap();
    let (_, folder) = url.trim().split_once("host=").unwrap();
    assert!(!Path::new(folder).exists(), "{url}");
}
