//! What tests of the programs share.

use std::path::Path;
use std::process::Command;

/// A program in a folder whose `home` it uses; nothing of the caller's settings reaches it.
pub(crate) fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let deps = std::path::absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps"));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .env_remove("MRPRISM_SERVER")
        .env_remove("MRPRISM_TOKEN")
        .env("MRPRISM_HOME", folder.join("home"))
        .env("MRPRISM_DEPS", deps.unwrap());
    command
}
