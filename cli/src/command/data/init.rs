//! `mrprism data init`: drafts a dataset.toml by looking at a folder.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use mrprism_protocol::spec::{DatasetFile, parse_toml};
use mrprism_raters::dataset::{Dataset, draft};

use crate::failure::{as_wrong_use, wrong_use};
use crate::output;

/// Draft a dataset.toml by looking at a folder's names and a few pixels.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism data init /srv/cfos                  # print the draft\n  \
    mrprism data init /srv/cfos --write          # into /srv/cfos/dataset.toml\n  \
    mrprism data init /srv/cfos --out draft.toml\n  \
    mrprism data check /srv/cfos --definition draft.toml\n\n\
    What was guessed is marked `# ?` in the draft and asked on standard error: answer it before you trust the data. \
    An existing file is never overwritten.")]
pub(crate) struct Init {
    /// The folder that holds images and masks
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write the draft to DIR/dataset.toml
    #[arg(long, conflicts_with = "out")]
    write: bool,
    /// Write the draft to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the draft and the questions as JSON
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if !self.folder.is_dir() {
            return Err(wrong_use(format!(
                "{} is no folder: name the one that holds images and masks",
                self.folder.display()
            )));
        }
        let target = if self.write {
            Some(self.folder.join("dataset.toml"))
        } else {
            self.out
        };
        let draft = as_wrong_use(draft(&self.folder))?;
        if let Some(file) = &target {
            create(file, &draft.text)?;
        }
        if self.json {
            output::json(&serde_json::json!({
                "file": target,
                "text": draft.text,
                "questions": draft.questions,
            }))?;
        } else if let Some(file) = &target {
            output::line(format_args!("{} written", file.display()));
        } else {
            output::line(draft.text.trim_end());
        }
        for question in &draft.questions {
            output::note(format_args!("? {question}"));
        }
        // The draft is tried at once, so that its writer learns what it cannot express.
        let name = target.as_deref().unwrap_or(Path::new("the draft"));
        let definition = parse_toml::<DatasetFile>(&name.display().to_string(), &draft.text)?;
        let opened = Dataset::open(&definition, Some(&self.folder));
        let folder = self.folder.display();
        match opened {
            Ok(data) => output::note(format_args!(
                "it finds {} cases and {} raters; next: mrprism data check {folder}{}",
                data.case_names().len(),
                data.rater_names().len(),
                match &target {
                    Some(file) if !self.write => format!(" --definition {}", file.display()),
                    _ => String::new(),
                }
            )),
            Err(error) => output::note(format_args!("it needs work: {error}")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a file that is not there yet.
fn create(file: &Path, text: &str) -> anyhow::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut opened) => opened
            .write_all(text.as_bytes())
            .with_context(|| format!("writing {}", file.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(wrong_use(format!(
            "{} exists and is not overwritten: give --out FILE, or move it away",
            file.display()
        ))),
        Err(error) => Err(error).with_context(|| format!("writing {}", file.display())),
    }
}
