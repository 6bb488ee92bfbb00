//! `mrprism diff`: in what two experiments differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::spec::{
    Bundle, DatasetCard, KeyDifference, RaterIdentity, Resolved, differences, differences_of_json,
    parse_toml, resolve,
};
use mrprism_settings::Flags;
use serde::Serialize;
use serde_json::Value;

use crate::client::{Client, no_experiment};
use crate::failure::wrong_use;
use crate::{bundle, output};

/// Say in what two experiments differ: arms, their keys, seeds, data sets, queue and table. Exit 0 where in nothing, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism diff quickstart experiments/studies/quickstart.toml\n  \
    mrprism diff old.toml new.toml --json\n\n\
    What is no file is an experiment's name or id on the server. Both sides are resolved against the data sets that the server\n\
    knows now; one that it does not know is taken to be the same on both sides.")]
pub(crate) struct Diff {
    /// An experiment file, or an experiment's name or id
    #[arg(value_name = "A")]
    a: String,
    /// Another
    #[arg(value_name = "B")]
    b: String,
    /// Print the differences as JSON
    #[arg(long)]
    json: bool,
}

/// In what two experiments differ.
#[derive(Debug, Default, Serialize)]
struct Differences {
    /// Arms that only the first has.
    only_a: Vec<String>,
    /// Arms that only the second has.
    only_b: Vec<String>,
    /// Arms of both that differ.
    arms: Vec<ArmDifference>,
    /// Keys of the experiment itself: name, question, `queue`, `table`.
    experiment: Vec<KeyDifference>,
}

#[derive(Debug, Serialize)]
struct ArmDifference {
    arm: String,
    keys: Vec<KeyDifference>,
}

impl Diff {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let a = read(flags, &self.a).await?;
        let b = read(flags, &self.b).await?;
        let mut cards = known(flags).await;
        for bundle in [&a, &b] {
            stand_in(bundle, &mut cards);
        }
        let found = compare(&resolved(&a, &cards)?, &resolved(&b, &cards)?)?;
        if self.json {
            output::json(&found)?;
        } else if !found.is_empty() {
            output::line(found.text(&self.a, &self.b));
        }
        Ok(if found.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// A file, else the definition of an experiment.
async fn read(flags: &Flags, word: &str) -> anyhow::Result<Bundle> {
    if Path::new(word).is_file() {
        return bundle::read(Path::new(word));
    }
    let definition = Client::new(flags)?.definition(word).await?;
    let definition = definition
        .ok_or_else(|| wrong_use(format!("no file '{word}', and {}", no_experiment(word))))?;
    Ok(definition.bundle)
}

/// The data sets that are known: the server's where one answers, and those without files.
async fn known(flags: &Flags) -> Vec<DatasetCard> {
    let mut cards = match Client::new(flags) {
        Ok(client) => client.datasets().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let named: BTreeSet<_> = cards.iter().map(|card| card.name.clone()).collect();
    let phantoms = bundle::phantoms().into_iter();
    cards.extend(phantoms.filter(|card| !named.contains(&card.name)));
    cards
}

/// Cards for data sets that a bundle names and nobody knows: alike on both sides, so that they make no difference.
fn stand_in(bundle: &Bundle, cards: &mut Vec<DatasetCard>) {
    let Ok(file) = parse_toml::<Value>(&bundle.experiment.file, &bundle.experiment.text) else {
        return;
    };
    let mut names = BTreeSet::new();
    named_datasets(&file, &mut names);
    for name in names {
        if cards.iter().any(|card| card.name == name) {
            continue;
        }
        let definition = bundle::datasets()
            .into_iter()
            .find(|file| file.name == name);
        cards.push(DatasetCard {
            manifest: "unknown".to_owned(),
            raters: 2,
            rater_identity: RaterIdentity::Stable,
            structures: definition
                .map_or_else(|| vec!["unknown".to_owned()], |file| file.structures),
            channels: 1,
            arbitrated: None,
            diagnoses: true,
            cases: BTreeMap::new(),
            folds: u32::MAX,
            crop: None,
            licence: None,
            source: None,
            name,
        });
    }
}

/// Every word under a key `dataset` or `datasets`, wherever it stands.
fn named_datasets(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                let listed = value
                    .as_array()
                    .map_or(std::slice::from_ref(value), Vec::as_slice);
                if matches!(key.rsplit('.').next(), Some("dataset" | "datasets")) {
                    names.extend(
                        listed
                            .iter()
                            .filter_map(|name| Some(name.as_str()?.to_owned())),
                    );
                }
                named_datasets(value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named_datasets(value, names)),
        _ => {}
    }
}

fn resolved(bundle: &Bundle, cards: &[DatasetCard]) -> anyhow::Result<Resolved> {
    resolve(bundle, cards).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
        wrong_use(lines.join("\n"))
    })
}

/// An arm's cells: its specification on each data set, its seeds and folds.
#[derive(Default)]
struct Arm<'a> {
    specs: BTreeMap<&'a str, &'a mrprism_protocol::spec::RunSpec>,
    seeds: BTreeSet<u64>,
    folds: BTreeSet<u32>,
}

fn arms(resolved: &Resolved) -> BTreeMap<&str, Arm<'_>> {
    let mut arms: BTreeMap<&str, Arm<'_>> = BTreeMap::new();
    for cell in &resolved.cells {
        let arm = arms.entry(&cell.arm).or_default();
        arm.specs.insert(&cell.spec.dataset.name, &cell.spec);
        arm.seeds.insert(cell.seed.0);
        arm.folds.extend(cell.fold);
    }
    arms
}

fn compare(a: &Resolved, b: &Resolved) -> anyhow::Result<Differences> {
    let (left, right) = (arms(a), arms(b));
    let only = |these: &BTreeMap<&str, Arm<'_>>, those: &BTreeMap<&str, Arm<'_>>| {
        let names = these.keys().filter(|name| !those.contains_key(*name));
        names.map(|name| (*name).to_owned()).collect()
    };
    let mut found = Differences {
        only_a: only(&left, &right),
        only_b: only(&right, &left),
        ..Differences::default()
    };
    for (name, a) in &left {
        let keys = right.get(name).map_or_else(Vec::new, |b| of_arm(a, b));
        if !keys.is_empty() {
            found.arms.push(ArmDifference {
                arm: (*name).to_owned(),
                keys,
            });
        }
    }
    let head = |resolved: &Resolved| -> anyhow::Result<Value> {
        let file = &resolved.file;
        Ok(serde_json::json!({
            "name": file.name,
            "question": file.question,
            "queue": serde_json::to_value(&file.queue)?,
            "table": serde_json::to_value(&file.table)?,
        }))
    };
    found.experiment = differences_of_json(&head(a)?, &head(b)?);
    Ok(found)
}

fn of_arm(a: &Arm<'_>, b: &Arm<'_>) -> Vec<KeyDifference> {
    let mut keys: Vec<KeyDifference> = Vec::new();
    let sets = |arm: &Arm<'_>| arm.specs.keys().map(|name| Value::from(*name)).collect();
    let (sets_a, sets_b): (Vec<Value>, Vec<Value>) = (sets(a), sets(b));
    let one_each = a.specs.len() == 1 && b.specs.len() == 1;
    if one_each {
        let pairs = a.specs.values().zip(b.specs.values());
        keys.extend(pairs.flat_map(|(a, b)| differences(a, b)));
    } else {
        for (name, spec) in &a.specs {
            let Some(other) = b.specs.get(name) else {
                continue;
            };
            for difference in differences(spec, other) {
                // What differs on every data set alike is said once.
                if !keys.contains(&difference) {
                    keys.push(difference);
                }
            }
        }
        keys.extend(listed("datasets", sets_a, sets_b));
    }
    let numbers = |values: &BTreeSet<u64>| values.iter().map(|value| Value::from(*value)).collect();
    keys.extend(listed("seeds", numbers(&a.seeds), numbers(&b.seeds)));
    let folds = |arm: &Arm<'_>| arm.folds.iter().map(|fold| Value::from(*fold)).collect();
    keys.extend(listed("folds", folds(a), folds(b)));
    keys
}

fn listed(key: &str, a: Vec<Value>, b: Vec<Value>) -> Option<KeyDifference> {
    (a != b).then(|| KeyDifference {
        key: key.to_owned(),
        a: Some(Value::Array(a)),
        b: Some(Value::Array(b)),
    })
}

impl Differences {
    fn is_empty(&self) -> bool {
        self.only_a.is_empty()
            && self.only_b.is_empty()
            && self.arms.is_empty()
            && self.experiment.is_empty()
    }

    fn text(&self, a: &str, b: &str) -> String {
        let mut lines = vec![format!("- {a}"), format!("+ {b}")];
        let keys =
            |lines: &mut Vec<String>, keys: &[KeyDifference]| {
                let word = |value: &Option<Value>| {
                    value
                        .as_ref()
                        .map_or_else(|| "(none)".to_owned(), Value::to_string)
                };
                lines.extend(keys.iter().map(|found| {
                    format!("  {}: {} → {}", found.key, word(&found.a), word(&found.b))
                }));
            };
        if !self.experiment.is_empty() {
            lines.push("experiment".to_owned());
            keys(&mut lines, &self.experiment);
        }
        lines.extend(self.only_a.iter().map(|arm| format!("- arm '{arm}'")));
        lines.extend(self.only_b.iter().map(|arm| format!("+ arm '{arm}'")));
        for arm in &self.arms {
            lines.push(format!("arm '{}'", arm.arm));
            keys(&mut lines, &arm.keys);
        }
        lines.join("\n")
    }
}
