//! A disk of its own for stored files, which can be made full: a tmpfs whose size is set to what it holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::process::Command;

/// Room for every run's files, checkpoints that await their removal included. Memory is taken only as it is filled.
const WHOLE: &str = "size=4g";
/// What a full disk still has, in KiB: less than a file, so that one is cut off in its middle.
const SCRAP: u64 = 64;

/// A mounted disk; unmounted when dropped.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts one at `folder`.
    ///
    /// # Errors
    /// Only root may mount, and not in every container.
    pub(crate) async fn mount(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let options = format!("{WHOLE},mode=0700");
        run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs"], folder).await?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Leaves no room.
    pub(crate) async fn fill(&self) -> anyhow::Result<()> {
        let output = Command::new("df")
            .args(["-k", "--output=used"])
            .arg(&self.folder)
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let used: u64 = text.split_whitespace().last().context("df")?.parse()?;
        let full = format!("remount,size={}k", used + SCRAP);
        run("mount", &["-o", &full], &self.folder).await
    }

    /// Gives the room back.
    pub(crate) async fn empty(&self) -> anyhow::Result<()> {
        let whole = format!("remount,{WHOLE}");
        run("mount", &["-o", &whole], &self.folder).await
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, should a server that was killed still be on its way out.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.folder)
            .status();
    }
}

async fn run(program: &str, arguments: &[&str], folder: &Path) -> anyhow::Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .arg(folder)
        .output()
        .await
        .with_context(|| format!("running {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} {}: {}", arguments.join(" "), said.trim());
    }
    Ok(())
}
