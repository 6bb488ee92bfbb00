//! Where a table comes from: a file, or the server. Whatever else may hold one (a frozen snapshot) is told apart here.

use std::path::Path;

use mrprism_protocol::wire::Table;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::{as_wrong_use, wrong_use};

/// A file with a table as `mrprism table --json` prints it, else an experiment by name or id.
pub(crate) async fn table(word: &str, flags: &Flags) -> anyhow::Result<Table> {
    let file = Path::new(word);
    if file.is_file() {
        return of_file(file);
    }
    of_experiment(word, flags).await
}

/// A table from a file.
pub(crate) fn of_file(file: &Path) -> anyhow::Result<Table> {
    let text = std::fs::read(file)
        .map_err(|error| wrong_use(format!("cannot read {}: {error}", file.display())))?;
    as_wrong_use(serde_json::from_slice(&text).map_err(|error| {
        format!(
            "{}: no table as `mrprism table --json` prints it: {error}",
            file.display()
        )
    }))
}

/// A table from the server.
pub(crate) async fn of_experiment(word: &str, flags: &Flags) -> anyhow::Result<Table> {
    Client::new(flags)?.table(word).await
}
