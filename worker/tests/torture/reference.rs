//! Runs without a server and without a disturbance: what the tortured ones have to equal, bit for bit.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};

use crate::crew::program;
use crate::study;

/// What a run comes to.
#[derive(Debug, PartialEq)]
pub(crate) struct Undisturbed {
    /// BLAKE3 of its weights.
    pub(crate) weights_hash: String,
    /// Value by key, the key as `scores.csv` writes it.
    pub(crate) scores: BTreeMap<String, f64>,
}

/// Trains `seed` of the study alone.
pub(crate) async fn train(home: &Path, runs: u64, seed: i64) -> anyhow::Result<Undisturbed> {
    let (bundle, out) = (
        home.join("bundle.json"),
        home.join(format!("undisturbed-{seed}")),
    );
    std::fs::write(&bundle, serde_json::to_vec(&study::bundle(runs))?)?;
    let output = program(home)
        .args(["train", "--arm", study::NAME, "--threads", "1"])
        .args(["--device", "cpu", "--json", "--seed"])
        .arg(seed.to_string())
        .arg("--bundle")
        .arg(&bundle)
        .arg("--out")
        .arg(&out)
        .arg("--home")
        .arg(home.join("alone"))
        .output()
        .await
        .context("training alone")?;
    if !output.status.success() {
        bail!(
            "seed {seed} alone: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let hash = summary["weights_hash"].as_str().context("no hash")?;
    let mut scores = BTreeMap::new();
    for line in std::fs::read_to_string(out.join("scores.csv"))?
        .lines()
        .skip(1)
    {
        let (key, value) = line.rsplit_once(',').context("no value")?;
        scores.insert(key.to_owned(), value.parse()?);
    }
    Ok(Undisturbed {
        weights_hash: hash.to_owned(),
        scores,
    })
}
