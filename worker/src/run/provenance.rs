//! `provenance.json`: where and with what a run was made.

use std::path::{Path, PathBuf};

use anyhow::Context;
use mrprism_protocol::id::{AttemptId, RunId};
use mrprism_protocol::spec::{Fingerprint, Seed};
use mrprism_protocol::wire::DeviceOffer;
use serde::Serialize;

use crate::child::message::ChildJob;
use crate::register::{SCIENCE_VERSION, host};

/// File name within the run.
pub(crate) const NAME: &str = "provenance.json";

/// Everything that equal bits need to be equal, and who made them.
#[derive(Debug, Serialize)]
struct Provenance<'a> {
    run: Option<RunId>,
    attempt: Option<AttemptId>,
    fingerprint: Fingerprint,
    seed: Seed,
    fold: Option<u32>,
    science_version: &'static str,
    /// Git revision this program was built from, where known.
    revision: Option<&'static str>,
    program: &'static str,
    dataset: &'a str,
    manifest: &'a str,
    host: String,
    kernel: String,
    libtorch: String,
    flavour: String,
    device: Option<DeviceOffer>,
    threads: u32,
    /// Instruction sets that decide which kernels libtorch picks.
    cpu_capability: Vec<String>,
    written_at: chrono::DateTime<chrono::Utc>,
}

/// Writes it into the attempt's folder, whole or not at all.
pub(crate) fn write(job: &ChildJob) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(&job.out).with_context(|| format!("making {}", job.out.display()))?;
    let report = mrprism_model_core::device::describe();
    let device = report
        .devices
        .into_iter()
        .find(|device| device.kind == job.device_kind && device.index == job.device_index);
    let provenance = Provenance {
        run: job.run,
        attempt: job.attempt,
        fingerprint: Fingerprint::of(&job.spec, job.seed, job.fold, SCIENCE_VERSION),
        seed: job.seed,
        fold: job.fold,
        science_version: SCIENCE_VERSION,
        revision: option_env!("MRPRISM_REVISION"),
        program: concat!("mrprism-worker ", env!("CARGO_PKG_VERSION")),
        dataset: &job.spec.dataset.name,
        manifest: &job.spec.dataset.manifest,
        host: host(),
        kernel: read("/proc/sys/kernel/osrelease"),
        libtorch: report.libtorch,
        flavour: report.flavour,
        device,
        threads: job.threads,
        cpu_capability: cpu_capability(),
        written_at: crate::clock::now(),
    };
    let path = job.out.join(NAME);
    let part = job.out.join("provenance.json.part");
    std::fs::write(&part, serde_json::to_vec_pretty(&provenance)?)
        .and_then(|()| std::fs::rename(&part, &path))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn read(file: impl AsRef<Path>) -> String {
    std::fs::read_to_string(file)
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

fn cpu_capability() -> Vec<String> {
    let cpuinfo = read("/proc/cpuinfo");
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags"));
    let flags = flags.unwrap_or_default().split_whitespace();
    flags
        .filter(|flag| flag.starts_with("avx") || flag.starts_with("amx") || *flag == "fma")
        .map(str::to_owned)
        .collect()
}
