//! Brings files to the server: checkpoints while training goes on, everything else at the end.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mrprism_protocol::id::{Fence, JobId};
use mrprism_protocol::state::ArtifactKind;
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Lost;
use crate::attempt::folder::LATEST;
use crate::client::{CallError, Client, persist};

/// One attempt's uploads.
#[derive(Debug)]
pub(crate) struct Uploads {
    place: Place,
    /// What goes to the server at the end, by name.
    at_end: BTreeMap<String, (ArtifactKind, PathBuf)>,
    /// Shortest time between two checkpoints, and when the last one was due.
    interval: Duration,
    last: Instant,
    wake: Arc<Notify>,
    checkpoints: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Place {
    client: Client,
    lease: (JobId, Fence),
    checkpoint: PathBuf,
    /// One transfer at a time; holds which checkpoint was sent last.
    sent: Arc<Mutex<Option<Identity>>>,
}

/// Inode, size and change time: a file that replaced another differs in one of them.
type Identity = (u64, u64, i64, i64);

impl Uploads {
    /// Uploads of the attempt whose files lie in `folder`, a checkpoint at most once an `interval`.
    pub(crate) fn start(
        client: Client,
        lease: (JobId, Fence),
        folder: &Path,
        interval: Duration,
    ) -> Self {
        let place = Place {
            client,
            lease,
            checkpoint: folder.join(LATEST),
            sent: Arc::default(),
        };
        let wake = Arc::new(Notify::new());
        let checkpoints = tokio::spawn(send_checkpoints(place.clone(), Arc::clone(&wake)));
        Self {
            place,
            at_end: BTreeMap::new(),
            interval,
            last: Instant::now(),
            wake,
            checkpoints,
        }
    }

    /// Takes note of a file that the child has written. A checkpoint that is due goes at once, beside the training.
    pub(crate) fn note(&mut self, kind: ArtifactKind, path: PathBuf, name: String) {
        if kind != ArtifactKind::Checkpoint {
            self.at_end.insert(name, (kind, path));
        } else if self.last.elapsed() >= self.interval {
            self.last = Instant::now();
            self.wake.notify_one();
        }
    }

    /// Sends the newest checkpoint now, after one that is under way, unless it has been sent.
    pub(crate) async fn checkpoint(&self) -> Result<(), Lost> {
        self.place.send_checkpoint().await
    }

    /// Sends everything that the server keeps of a finished run.
    pub(crate) async fn finish(&self) -> Result<(), Lost> {
        // The checkpoint of a run that has succeeded is of no more use to anybody.
        self.checkpoints.abort();
        for (name, (kind, path)) in &self.at_end {
            self.place.send(*kind, name, path).await?;
        }
        Ok(())
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        self.checkpoints.abort();
    }
}

async fn send_checkpoints(place: Place, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        if let Err(lost) = place.send_checkpoint().await {
            // Where the lease is gone the heartbeat's reply ends the child; a refusal is said again at the end.
            tracing::warn!("uploading a checkpoint: {lost}");
            return;
        }
    }
}

impl Place {
    async fn send_checkpoint(&self) -> Result<(), Lost> {
        let mut sent = self.sent.lock().await;
        let Some(file) = open(&self.checkpoint)? else {
            return Ok(());
        };
        let identity = identity(&file).ok();
        if identity.is_some() && identity == *sent {
            return Ok(());
        }
        self.send_file(ArtifactKind::Checkpoint, LATEST, &file)
            .await?;
        *sent = identity;
        Ok(())
    }

    async fn send(&self, kind: ArtifactKind, name: &str, path: &Path) -> Result<(), Lost> {
        match open(path)? {
            Some(file) => self.send_file(kind, name, &file).await,
            None => Err(Lost::Refused(format!("{} is gone", path.display()))),
        }
    }

    /// The handle pins the file's content: that the child replaces the file meanwhile does no harm.
    async fn send_file(
        &self,
        kind: ArtifactKind,
        name: &str,
        file: &std::fs::File,
    ) -> Result<(), Lost> {
        let trouble = |error: std::io::Error| CallError::Local(format!("reading {name}: {error}"));
        let whole = reopened(file).map_err(trouble)?;
        let hash = tokio::task::spawn_blocking(move || hash_of(whole)).await;
        let hash = hash
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(trouble)?;
        let what = format!("uploading {name}");
        let sent = persist(&what, || async {
            let again = reopened(file).map_err(trouble)?;
            self.client
                .upload(self.lease, kind, (name, &hash), again)
                .await
        });
        sent.await.map_err(Lost::from)
    }
}

/// Another handle of the same file, with a position of its own, even where its name is another file's by now.
fn reopened(file: &std::fs::File) -> std::io::Result<std::fs::File> {
    std::fs::File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn hash_of(file: std::fs::File) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn identity(file: &std::fs::File) -> std::io::Result<Identity> {
    let data = file.metadata()?;
    Ok((data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
}

fn open(path: &Path) -> Result<Option<std::fs::File>, Lost> {
    match std::fs::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Lost::Refused(format!(
            "opening {}: {error}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    #[test]
    fn a_handle_reads_what_its_file_held_before_it_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, part) = (folder.path().join("file"), folder.path().join("part"));
        std::fs::write(&path, "old").unwrap();
        let file = super::open(&path).unwrap().unwrap();
        let old = super::identity(&file).unwrap();
        std::fs::write(&part, "new").unwrap();
        std::fs::rename(&part, &path).unwrap();
        for _ in 0..2 {
            let mut text = String::new();
            super::reopened(&file)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "old");
        }
        let new = super::identity(&super::open(&path).unwrap().unwrap()).unwrap();
        assert_ne!(old, new);
    }
}
