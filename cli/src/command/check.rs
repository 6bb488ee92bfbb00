//! `mrprism check`: what a paper prints, against the tables it comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use mrprism_protocol::wire::Table;
use mrprism_report::check::{Checked, Source, check, included};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::wrong_use;
use crate::{bundle, output, source};

/// Compare what a paper prints with the tables it comes from: macros by their values, typed rows number by number.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism table quickstart --json > quickstart.json; mrprism check paper.tex --table quickstart.json\n  \
    mrprism freeze table1 --name camera-ready; mrprism check paper.tex --snapshot camera-ready\n  \
    mrprism check paper.tex --experiment table1 --experiment table4\n  \
    mrprism check paper.tex --table quickstart.json --json | jq .differences\n\n\
    Files that the paper takes in by \\input and \\include are read too, below its folder. A typed row is compared where its \
    first cell is an arm's name or its method's title. Exit code 0: all is as in the tables, 1: there are differences.")]
pub(crate) struct Check {
    /// The paper
    #[arg(value_name = "PAPER.TEX")]
    paper: PathBuf,
    /// A table as `mrprism table --json` prints it; may be repeated
    #[arg(long = "table", value_name = "FILE")]
    tables: Vec<PathBuf>,
    /// An experiment's name or id, asked of the server; may be repeated
    #[arg(long = "experiment", value_name = "EXPERIMENT")]
    experiments: Vec<String>,
    /// A frozen table's name; may be repeated
    #[arg(long = "snapshot", value_name = "NAME")]
    snapshots: Vec<String>,
    /// Print JSON: mrprism.check/1
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let named = self.tables.len() + self.experiments.len() + self.snapshots.len();
        if named == 0 {
            return Err(wrong_use(
                "nothing to check against: give --snapshot NAME, --table FILE or --experiment EXPERIMENT",
            ));
        }
        let sources = Paper::read(&self.paper)?;
        let checked = check(&sources.files, &self.tables(flags).await?, &titles());
        if checked.is_of_nothing() {
            return Err(wrong_use(format!(
                "{} holds no macro of these tables and no row that names one of their arms: is it the right paper?",
                self.paper.display()
            )));
        }
        if self.json {
            output::json(&checked)?;
        } else {
            print(&checked, sources.files.len());
        }
        sources.missing.iter().for_each(output::note);
        Ok(if checked.differences.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn tables(&self, flags: &Flags) -> anyhow::Result<Vec<Table>> {
        let mut tables = Vec::new();
        for file in &self.tables {
            tables.push(source::table_in(file)?);
        }
        for experiment in &self.experiments {
            tables.push(source::table(flags, experiment).await?);
        }
        for snapshot in &self.snapshots {
            tables.push(Client::new(flags)?.snapshot(snapshot).await?.table);
        }
        Ok(tables)
    }
}

/// Arms are mostly called as their methods are: what tables of papers call those.
fn titles() -> BTreeMap<String, String> {
    let methods = bundle::methods().into_iter();
    methods.map(|method| (method.name, method.title)).collect()
}

fn print(checked: &Checked, files: usize) {
    for found in &checked.differences {
        output::line(format_args!(
            "{}:{}: {}: found {}, expected {}",
            found.file, found.line, found.of, found.found, found.expected
        ));
    }
    for found in &checked.not_checked {
        output::line(format_args!(
            "{}:{}: not checked: {}",
            found.file, found.line, found.why
        ));
    }
    let files = match files {
        1 => "1 file".to_owned(),
        several => format!("{several} files"),
    };
    output::line(format_args!(
        "{} macros and {} typed numbers checked in {files}: {} differences",
        checked.macros,
        checked.numbers,
        checked.differences.len()
    ));
}

/// A paper's files, the first its own, each once.
struct Paper {
    folder: PathBuf,
    read: Vec<PathBuf>,
    files: Vec<Source>,
    /// What is taken in and is not there: a package's own file, or one that is not written yet.
    missing: Vec<String>,
}

impl Paper {
    fn read(paper: &Path) -> anyhow::Result<Self> {
        let unreadable = || wrong_use(format!("cannot read {}: no such file", paper.display()));
        let own = paper.canonicalize().map_err(|_| unreadable())?;
        let folder = own.parent().context("the paper lies in no folder")?;
        let mut files = Self {
            folder: folder.to_owned(),
            read: Vec::new(),
            files: Vec::new(),
            missing: Vec::new(),
        };
        files.follow(&own, &paper.display().to_string(), &mut Vec::new())?;
        Ok(files)
    }

    /// Reads a file and what it takes in; `above` are the files that are being read.
    fn follow(&mut self, path: &Path, name: &str, above: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong_use(format!("cannot read {name}: {error}")))?;
        let taken_in = included(&text);
        self.read.push(path.to_owned());
        self.files.push(Source {
            file: name.to_owned(),
            text,
        });
        above.push(path.to_owned());
        for (line, file) in taken_in {
            let Some(found) = self.find(&file) else {
                let missing = format!("{name}:{line}: not checked: {file} is not there");
                self.missing.push(missing);
                continue;
            };
            if !found.starts_with(&self.folder) {
                return Err(wrong_use(format!(
                    "{name}:{line}: {file} lies outside the paper's folder: only what is below it is read"
                )));
            }
            if above.contains(&found) {
                return Err(wrong_use(format!(
                    "{name}:{line}: {file} takes itself in: LaTeX would not end"
                )));
            }
            if !self.read.contains(&found) {
                let below = found.strip_prefix(&self.folder).unwrap_or(&found);
                self.follow(&found, &below.display().to_string(), above)?;
            }
        }
        above.pop();
        Ok(())
    }

    /// As LaTeX looks: from the paper's folder, with `.tex` where that is missing. Links are followed, so that none leads out.
    fn find(&self, file: &str) -> Option<PathBuf> {
        let with_ending = self.folder.join(format!("{file}.tex"));
        let candidates = [with_ending, self.folder.join(file)];
        let mut files = candidates.iter().filter(|path| path.is_file());
        files.next()?.canonicalize().ok()
    }
}
