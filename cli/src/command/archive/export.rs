//! `mrprism export`: an experiment as a folder that outlives its server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::ExportedRun;
use mrprism_raters::prediction;
use mrprism_report::export::{CURVES, EXPERIMENT, Export as Exported, SCORES};
use mrprism_settings::Flags;
use serde::Serialize;

use crate::client::Client;
use crate::failure::wrong_use;
use crate::source::{Files, is_export};
use crate::{output, select};

/// Write an experiment with its runs, scores and curves into a folder, from which tables and figures are made without a server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism export quickstart --out docs/results/exports/quickstart\n  \
    mrprism export brain-growth --out brain-growth --predictions case35 --predictions case36\n  \
    mrprism table docs/results/exports/quickstart\n\n\
    The folder holds experiment.json.gz, scores.csv.gz and curves.csv.gz, and predictions/RUN/CASE.mrp\n\
    for the cases asked for. Equal results give equal bytes. Machines are named with --hosts alone.\n\
    An earlier export of the same experiment is replaced, another experiment's never.")]
pub(crate) struct Export {
    /// The experiment's name or id
    experiment: String,
    /// The folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Store every run's prediction of this test case too; may be repeated
    #[arg(long, value_name = "CASE", num_args = 1..)]
    predictions: Vec<String>,
    /// Say which machines the runs were made on, and where the study's files lay
    #[arg(long)]
    hosts: bool,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    experiment: String,
    folder: String,
    runs: usize,
    scores: usize,
    predictions: usize,
    bytes: usize,
}

impl Export {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let experiment = select::experiment(&client, &self.experiment).await?;
        self.refuse_another(&experiment.name)?;
        let told = |part: &str| output::note(format_args!("{part} received"));
        let files = client
            .export(&experiment.id.to_string(), self.hosts, told)
            .await?;
        // What could not be read back would outlive nothing.
        let export = files
            .export(&self.out)
            .context("the server's export cannot be read back: are both of the same version?")?;
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("making {}", self.out.display()))?;
        // Fetched before anything is replaced: a missing case leaves the folder as it was.
        let predictions = self.predictions(&client, &export).await?;
        write(&self.out, SCORES, &files.scores)?;
        write(&self.out, CURVES, &files.curves)?;
        write(&self.out, EXPERIMENT, &files.experiment)?;
        let answer = Answer {
            experiment: experiment.name,
            folder: self.out.display().to_string(),
            runs: export.experiment.runs.len(),
            scores: export.scores.iter().map(Vec::len).sum(),
            predictions,
            bytes: files.experiment.len() + files.scores.len() + files.curves.len(),
        };
        if self.json {
            output::json(&answer)?;
        } else {
            output::line(format_args!(
                "{}: {} runs, {} scores and {} predictions in {} ({} KiB without the predictions)",
                answer.experiment,
                answer.runs,
                answer.scores,
                answer.predictions,
                answer.folder,
                answer.bytes.div_ceil(1024)
            ));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Refuses to write over another experiment, or among files that are no export.
    fn refuse_another(&self, name: &str) -> anyhow::Result<()> {
        let out = self.out.display();
        if is_export(&self.out.display().to_string()) {
            let there = Files::of(&self.out)?.export(&self.out)?.experiment.name;
            if there != name {
                return Err(wrong_use(format!(
                    "{out} holds the experiment '{there}': give '{name}' a folder of its own"
                )));
            }
            return Ok(());
        }
        let occupied =
            std::fs::read_dir(&self.out).is_ok_and(|mut entries| entries.next().is_some());
        if occupied || self.out.is_file() {
            return Err(wrong_use(format!(
                "{out} holds something that is no export: give a new folder or an empty one"
            )));
        }
        Ok(())
    }

    /// Stores what every run predicted of the cases asked for, as `predictions/<position>/<case>.mrp`; says how many.
    async fn predictions(&self, client: &Client, export: &Exported) -> anyhow::Result<usize> {
        let mut stored = 0;
        for case in &self.predictions {
            let mut found = 0;
            for run in &export.experiment.runs {
                found += usize::from(self.prediction(client, run, case).await?);
            }
            if found == 0 {
                return Err(wrong_use(format!(
                    "no run has stored a prediction of '{case}': is it a test case?"
                )));
            }
            output::note(format_args!("{case}: {found} predictions"));
            stored += found;
        }
        Ok(stored)
    }

    /// Stores one prediction; false where the run has none of this case.
    async fn prediction(
        &self,
        client: &Client,
        run: &ExportedRun,
        case: &str,
    ) -> anyhow::Result<bool> {
        let files = client.artifacts(&run.id.to_string()).await?;
        let ending = prediction::file_name(case);
        let name = format!("predictions/{ending}");
        let wanted = files
            .iter()
            .find(|one| one.kind == ArtifactKind::Prediction && one.file.name == name);
        let Some(wanted) = wanted else {
            return Ok(false);
        };
        if case.contains(['/', '\\']) || case.starts_with('.') {
            bail!("'{case}' is no file name");
        }
        let content = client.artifact(&wanted.file.hash).await?;
        let folder = self.out.join("predictions").join(run.position.to_string());
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        write(&folder, &ending, &content)?;
        Ok(true)
    }
}

/// Writes a file whole or not at all.
fn write(folder: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    let (path, part) = (folder.join(name), folder.join(format!("{name}.part")));
    std::fs::write(&part, content)
        .and_then(|()| std::fs::rename(&part, &path))
        .with_context(|| format!("writing {}", path.display()))
}
