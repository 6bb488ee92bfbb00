//! The server's settings, typed. Which of them make sense together is the server's to say.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::layers::seconds;

/// What [`crate::Layers`] read from `[orchestrator]`. The table explains them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whether that may be an address that other machines reach.
    pub allow_remote: bool,
    /// A database of the user's own.
    pub database_url: Option<String>,
    /// Folder with the private database's programs.
    pub postgres_bin: Option<PathBuf>,
    /// How long a lease lasts after its last heartbeat.
    #[serde(rename = "lease_seconds", deserialize_with = "seconds")]
    pub lease: Duration,
    /// Between heartbeats.
    #[serde(rename = "heartbeat_seconds", deserialize_with = "seconds")]
    pub heartbeat: Duration,
    /// Between looks at expired leases.
    #[serde(rename = "reaper_seconds", deserialize_with = "seconds")]
    pub reaper: Duration,
    /// A trainer that reports nothing new for this long is taken for hung.
    #[serde(rename = "progress_seconds", deserialize_with = "seconds")]
    pub progress: Duration,
    /// Largest file that workers may store, in MiB.
    pub max_artifact_mib: u64,
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::flags::HomeFlags;
    use crate::layers::Layers;
    use crate::setting::Section;
    use crate::table;

    fn with_file(text: &str) -> (tempfile::TempDir, HomeFlags) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, text).unwrap();
        let flags = HomeFlags {
            home: Some(folder.path().to_owned()),
            config: Some(file),
        };
        (folder, flags)
    }

    #[test]
    fn every_row_of_the_table_has_its_field() {
        let (_folder, flags) = with_file(
            "[orchestrator]\nlisten = \"127.0.0.1:1\"\nallow_remote = true\ndatabase_url = \"postgres://d\"\n\
            postgres_bin = \"/bin\"\nlease_seconds = 2\nheartbeat_seconds = 3\nreaper_seconds = 4.5\n\
            progress_seconds = 6\nmax_artifact_mib = 5\n",
        );
        let layers = Layers::open(&flags, Section::Orchestrator).unwrap();
        let read: Settings = layers.read().unwrap();
        assert_eq!(read.listen.port(), 1);
        assert!(read.allow_remote);
        // A test run may have a database of its own, which wins over the file.
        let url = table::DATABASE_URL.given();
        assert_eq!(read.database_url, url.or(Some("postgres://d".to_owned())));
        let bin = table::POSTGRES_BIN.given();
        assert_eq!(
            read.postgres_bin,
            Some(bin.unwrap_or("/bin".to_owned()).into())
        );
        let seconds = [read.lease, read.heartbeat, read.reaper, read.progress];
        assert_eq!(
            seconds.map(|seconds| seconds.as_millis()),
            [2_000, 3_000, 4_500, 6_000]
        );
        assert_eq!(read.max_artifact_mib, 5);
    }

    #[test]
    fn an_error_names_the_key_as_the_file_does() {
        let (_folder, flags) = with_file("[orchestrator]\nlisten = \"nowhere\"\n");
        let layers = Layers::open(&flags, Section::Orchestrator).unwrap();
        let error = layers.read::<Settings>().unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("orchestrator.listen"), "{source}");
        assert!(error.to_string().contains("settings.toml"), "{error}");
    }
}
