//! An attempt's folder, and what it takes over from earlier attempts of the same run.

use std::path::{Path, PathBuf};

use anyhow::Context;
use mrprism_model_core::assemble::{FUSIONS, PREDICTIONS};
use mrprism_protocol::id::{AttemptId, RunId};
use mrprism_protocol::wire::{ArtifactRef, Claim};

use super::safetensors::{HEAD_BYTES, Header};
use crate::client::{Client, persist};
use crate::leftovers;

/// Weights, optimiser and position: what a run goes on from.
pub(crate) const LATEST: &str = "latest.safetensors";
/// The weights that validation chose.
pub(crate) const BEST: &str = "best.safetensors";
/// Undelivered events.
const SPOOL: &str = "spool";

/// `<home>/worker/runs/<run id>/<attempt id>`.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder {
    run: PathBuf,
    path: PathBuf,
}

/// A file of an earlier attempt that can be gone on from.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    name: &'static str,
    header: Header,
}

/// Where a home keeps decoded cases.
pub(crate) fn cache(home: &Path) -> PathBuf {
    home.join("worker").join("cache")
}

/// Where a home keeps imported weights.
pub(crate) fn weights(home: &Path) -> PathBuf {
    home.join("weights")
}

/// Where all run folders of a home lie.
pub(crate) fn runs(home: &Path) -> PathBuf {
    home.join("worker").join("runs")
}

impl RunFolder {
    /// Makes the attempt's own folder.
    pub(crate) fn create(home: &Path, run: RunId, attempt: AttemptId) -> anyhow::Result<Self> {
        let run = runs(home).join(run.to_string());
        let path = run.join(attempt.to_string());
        std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self { run, path })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where undelivered events lie.
    pub(crate) fn spool(&self) -> PathBuf {
        self.path.join(SPOOL)
    }

    /// Takes over what is furthest: weights of a training that had ended, else the checkpoint with the most steps, of
    /// an earlier attempt on this machine or from the server.
    pub(crate) async fn take_over(&self, client: &Client, claim: &Claim) -> anyhow::Result<()> {
        let local = self.best_local();
        match &local {
            Some(found) if found.name == BEST => return self.link(found),
            _ => {}
        }
        if claim.attempt_number > 1 {
            let kept = persist("listing the run's files", || client.artifacts(claim.run)).await?;
            if let Some(best) = kept.iter().find(|artifact| artifact.name == BEST) {
                return self.fetch(client, best).await;
            }
        }
        if let Some(checkpoint) = &claim.checkpoint
            && self.is_ahead(client, checkpoint, local.as_ref()).await?
        {
            return self.fetch(client, checkpoint).await;
        }
        local.map_or(Ok(()), |found| self.link(&found))
    }

    /// The furthest whole file of the earlier attempts.
    fn best_local(&self) -> Option<Found> {
        let earlier = leftovers::folders(&self.run)
            .into_iter()
            .filter(|path| *path != self.path);
        let files =
            earlier.flat_map(|folder| [(folder.join(BEST), BEST), (folder.join(LATEST), LATEST)]);
        let whole = files.filter_map(|(path, name)| {
            let header = Header::of_file(&path)?;
            Some(Found { path, name, header })
        });
        whole.max_by_key(|found| (found.name == BEST, found.header.step()))
    }

    async fn is_ahead(
        &self,
        client: &Client,
        checkpoint: &ArtifactRef,
        local: Option<&Found>,
    ) -> anyhow::Result<bool> {
        let Some(local) = local else { return Ok(true) };
        let head = persist("reading the server's checkpoint", || {
            client.head_of(&checkpoint.hash, HEAD_BYTES)
        })
        .await?;
        let header = Header::of_bytes(&head);
        Ok(header.is_some_and(|header| header.step() > local.header.step()))
    }

    async fn fetch(&self, client: &Client, artifact: &ArtifactRef) -> anyhow::Result<()> {
        let name = &artifact.name;
        let part = self.path.join(format!("{name}.part"));
        persist(&format!("fetching {name}"), || {
            client.download(&artifact.hash, &part)
        })
        .await?;
        std::fs::rename(&part, self.path.join(name)).with_context(|| format!("naming {name}"))
    }

    /// Fetches what the run stored of its test cases: predictions, and its own fusions.
    pub(crate) async fn fetch_predictions(
        &self,
        client: &Client,
        run: RunId,
    ) -> anyhow::Result<()> {
        let kept = persist("listing the run's files", || client.artifacts(run)).await?;
        for folder in [PREDICTIONS, FUSIONS] {
            let of_folder = |artifact: &&ArtifactRef| is_directly_in(&artifact.name, folder);
            for artifact in kept.iter().filter(of_folder) {
                let parent = self.path.join(folder);
                std::fs::create_dir_all(&parent)
                    .with_context(|| format!("making {}", parent.display()))?;
                self.fetch(client, artifact).await?;
            }
        }
        Ok(())
    }

    /// Links the file: such files are only ever replaced, never written in place.
    fn link(&self, found: &Found) -> anyhow::Result<()> {
        let target = self.path.join(found.name);
        if std::fs::hard_link(&found.path, &target).is_err() {
            std::fs::copy(&found.path, &target)
                .with_context(|| format!("copying {}", found.path.display()))?;
        }
        Ok(())
    }

    /// After success: only weights, predictions and provenance stay, and no earlier attempt whose child has ended.
    pub(crate) fn keep_results(&self) {
        remove(&self.path.join(LATEST));
        for folder in leftovers::folders(&self.run) {
            if folder != self.path && !leftovers::is_in_use(&folder) {
                remove(&folder);
            }
        }
    }

    /// After any end: what has not been delivered never will be.
    pub(crate) fn drop_spool(&self) {
        remove(&self.spool());
    }

    /// After a cancellation: nothing stays.
    pub(crate) fn discard(&self) {
        remove(&self.path);
    }
}

/// Whether a stored file's name is that of a file in this very folder.
fn is_directly_in(name: &str, folder: &str) -> bool {
    let file = name
        .strip_prefix(folder)
        .and_then(|rest| rest.strip_prefix('/'));
    file.is_some_and(|file| Path::new(file).file_name().is_some_and(|last| last == file))
}

/// Removes a file or a folder. What cannot be removed costs space and nothing else.
fn remove(path: &Path) {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    if let Err(error) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!("removing {}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::safetensors::tests::file_at_step;
    use super::*;

    fn folder(home: &Path, run: RunId) -> RunFolder {
        RunFolder::create(home, run, AttemptId(Uuid::now_v7())).unwrap()
    }

    #[test]
    fn a_stored_name_leads_to_its_folder_and_nowhere_else() {
        assert!(is_directly_in("predictions/case1.mrp", PREDICTIONS));
        for name in [
            "predictions/../case1.mrp",
            "predictions/..",
            "predictions//etc",
            "predictions/",
            "predictions",
            "fusions/case1.mrp",
            "predictionscase1.mrp",
        ] {
            assert!(!is_directly_in(name, PREDICTIONS), "{name}");
        }
    }

    #[test]
    fn the_furthest_whole_file_of_an_earlier_attempt_is_linked() {
        let home = tempfile::tempdir().unwrap();
        let run = RunId(Uuid::now_v7());
        let [far, near, broken] = [(); 3].map(|()| folder(home.path(), run));
        std::fs::write(far.path().join(LATEST), file_at_step(20)).unwrap();
        std::fs::write(near.path().join(LATEST), file_at_step(10)).unwrap();
        let mut cut = file_at_step(30);
        cut.truncate(cut.len() - 1);
        std::fs::write(broken.path().join(LATEST), cut).unwrap();

        let new = folder(home.path(), run);
        let found = new.best_local().unwrap();
        assert_eq!(
            (found.path.as_path(), found.header.step()),
            (far.path().join(LATEST).as_path(), 20)
        );
        new.link(&found).unwrap();

        // Replacing one does not touch the other.
        std::fs::write(new.path().join("part"), file_at_step(40)).unwrap();
        std::fs::rename(new.path().join("part"), new.path().join(LATEST)).unwrap();
        assert_eq!(
            Header::of_file(&far.path().join(LATEST)).unwrap().step(),
            20
        );

        // Weights of a training that had ended are further than any checkpoint.
        std::fs::write(near.path().join(BEST), file_at_step(15)).unwrap();
        assert_eq!(folder(home.path(), run).best_local().unwrap().name, BEST);

        std::fs::write(new.path().join(BEST), file_at_step(15)).unwrap();
        new.keep_results();
        assert!(!far.path().exists() && !new.path().join(LATEST).exists());
        assert!(new.path().join(BEST).exists());
    }
}
