//! `mrprism bundle`: one run as a folder from which it can be run again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use mrprism_protocol::spec::Seed;
use mrprism_report::export::{Cell, Export, cell};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::{as_wrong_use, wrong_use};
use crate::source::{Files, is_export};
use crate::{bundle, output, select};

/// Write everything that is needed to run one arm with one seed again, and the scores that should come out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism bundle quickstart --arm tau-3 --seed 0 --out again/tau-3\n  \
    mrprism bundle docs/results/exports/quickstart --arm tau-3 --out again/tau-3\n\n\
    The folder holds README.md with the two commands, the study cut down to this run, its method,\n\
    spec.json, provenance.json where it is known, and expected/scores.csv. The study resolves to the\n\
    same specification and fingerprint. Data are named, not copied.\n\
    Running it and comparing in one command (`mrprism reproduce RUN`) comes later.")]
pub(crate) struct Bundle {
    /// The experiment's name or id, or a folder that `mrprism export` wrote
    experiment: String,
    /// The arm
    #[arg(long)]
    arm: String,
    /// The replicate [default: the first]
    #[arg(long)]
    seed: Option<u64>,
    /// The fold [default: the first, where the experiment names folds]
    #[arg(long)]
    fold: Option<u32>,
    /// The folder: a new one, or an empty one
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the files' names as JSON
    #[arg(long)]
    json: bool,
}

impl Bundle {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let occupied =
            std::fs::read_dir(&self.out).is_ok_and(|mut entries| entries.next().is_some());
        if occupied || self.out.is_file() {
            return Err(wrong_use(format!(
                "{} is not empty: give a new folder",
                self.out.display()
            )));
        }
        let (export, cards) = if is_export(&self.experiment) {
            let folder = Path::new(&self.experiment);
            (Files::of(folder)?.export(folder)?, Vec::new())
        } else {
            let client = Client::new(flags)?;
            let experiment = select::experiment(&client, &self.experiment).await?;
            let files = client
                .export(&experiment.id.to_string(), false, |_| {})
                .await?;
            let place = Path::new(client.server());
            (files.export(place)?, client.datasets().await?)
        };
        let wanted = self.wanted(&export, &cards);
        let files = as_wrong_use(cell(&export, &wanted))?;
        for file in &files {
            let path = self.out.join(&file.path);
            let folder = path.parent().unwrap_or(&self.out);
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, &file.text))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        let names: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        if self.json {
            output::json(&names)?;
        } else {
            output::line(format_args!("{}: {}", self.out.display(), names.join(", ")));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The run, with what the server or the definitions built in say of its data.
    fn wanted(&self, export: &Export, cards: &[mrprism_protocol::spec::DatasetCard]) -> Cell {
        let run = export
            .experiment
            .runs
            .iter()
            .find(|run| run.arm == self.arm);
        let data = run.map(|run| &run.spec.dataset);
        let card = cards.iter().find(|card| {
            data.is_some_and(|data| (&data.name, &data.manifest) == (&card.name, &card.manifest))
        });
        let built_in = bundle::datasets().into_iter();
        let built_in = built_in.map(|known| (known.name, known.source, known.licence));
        let known = card
            .map(|card| (card.name.clone(), card.source.clone(), card.licence.clone()))
            .or_else(|| {
                let mut built_in = built_in;
                built_in.find(|(name, ..)| data.is_some_and(|data| data.name == *name))
            });
        let (source, licence) =
            known.map_or((None, None), |(_, source, licence)| (source, licence));
        Cell {
            arm: self.arm.clone(),
            seed: self.seed.map(Seed),
            fold: self.fold,
            source,
            licence,
        }
    }
}
