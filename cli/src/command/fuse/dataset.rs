//! Every fusion over a data set: each rater against the fusion of the others, and all against arbitrated masks.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::{
    ArbitratedKind, EvaluationSpec, FusionKind, Metric, Output, RaterIdentity, Reference,
    ReferenceFamily,
};
use mrprism_protocol::wire::Score;
use mrprism_raters::fusion::entry;
use mrprism_raters::score::score_fusions;
use mrprism_settings::Flags;
use serde::Serialize;

use super::Fuse;
use crate::command::data::open;
use crate::failure::{as_wrong_use, wrong_use};
use crate::output;
use mrprism_report::print::plain;

/// What is printed. Values are fractions: means over raters inside a case, then over cases.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    dataset: String,
    manifest: String,
    cells: Vec<Cell>,
    notes: Vec<String>,
    scores: Vec<Score>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Cell {
    method: FusionKind,
    structure: String,
    /// `leave-one-rater-out` or `arbitrated`.
    reference: &'static str,
    metric: String,
    mean: f64,
    n_cases: usize,
}

const HELD_OUT: &str = "leave-one-rater-out";

pub(super) fn run(asked: &Fuse, what: &str, flags: &Flags) -> anyhow::Result<()> {
    let data = open(what, &asked.roots, flags)?;
    let card = data.card();
    let mut notes = Vec::new();
    let mut methods = asked.methods.clone();
    let shared = FusionKind::DawidSkeneShared;
    if card.rater_identity == RaterIdentity::Exchangeable {
        let why = format!(
            "{shared} is left out: the raters of '{}' are exchangeable, so a slot's rates over several cases are nobody's",
            card.name
        );
        if methods.contains(&shared) {
            return Err(wrong_use(why));
        }
        notes.push(why);
        methods = methods_or_all(&methods, |kind| kind != shared);
    }
    let methods = methods_or_all(&methods, |_| true);
    let mut references = vec![ReferenceFamily::Raters];
    match card.arbitrated {
        None => {}
        Some(ArbitratedKind::Staple) => notes.push(format!(
            "no column for the arbitrated masks of '{}': they are STAPLE of these very raters, and a fusion would meet itself",
            card.name
        )),
        Some(_) => references.push(ReferenceFamily::Arbitrated),
    }
    let spec = EvaluationSpec {
        recurrences: 1,
        references,
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    };
    let cases = data.at_own_size()?;
    let scores = as_wrong_use(score_fusions(
        &cases,
        &methods,
        &spec,
        &card.structures,
        card.arbitrated,
    ))?;
    if scores.is_empty() {
        notes.push("nothing was scored: no case has two raters".to_owned());
    }
    let report = Report {
        schema: "mrprism.fusion_scores/1",
        dataset: card.name,
        manifest: card.manifest,
        cells: cells(&scores),
        notes,
        scores,
    };
    if asked.json {
        output::json(&report)?;
    } else {
        print(&report, cases.len());
    }
    Ok(())
}

fn methods_or_all(methods: &[FusionKind], keep: impl Fn(FusionKind) -> bool) -> Vec<FusionKind> {
    let chosen = if methods.is_empty() {
        FusionKind::ALL
    } else {
        methods
    };
    let mut kept: Vec<_> = chosen.iter().copied().filter(|kind| keep(*kind)).collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// Means over raters inside a case, then over cases.
fn cells(scores: &[Score]) -> Vec<Cell> {
    type Cases<'a> = BTreeMap<&'a str, Vec<f64>>;
    let mut heaps: BTreeMap<(&str, FusionKind, &str, &str), Cases<'_>> = BTreeMap::new();
    for score in scores {
        let Output::Fusion(kind) = score.output else {
            continue;
        };
        let reference = match score.reference {
            Reference::Rater(_) => HELD_OUT,
            _ => "arbitrated",
        };
        let key = (
            score.structure.as_str(),
            kind,
            reference,
            score.metric.as_str(),
        );
        let cases = heaps.entry(key).or_default();
        cases.entry(&score.case).or_default().push(score.value);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let cell =
        |((structure, method, reference, metric), cases): ((&str, _, _, &str), Cases<'_>)| {
            let of_cases: Vec<f64> = cases.values().map(|values| mean(values)).collect();
            Cell {
                method,
                structure: structure.to_owned(),
                reference,
                metric: metric.to_owned(),
                mean: mean(&of_cases),
                n_cases: of_cases.len(),
            }
        };
    heaps.into_iter().map(cell).collect()
}

fn print(report: &Report, cases: usize) {
    output::line(format_args!(
        "{}, {cases} cases at their own size, soft_dice@1 x 100\n",
        report.dataset
    ));
    let mut rows: BTreeMap<(&str, FusionKind), [Option<String>; 2]> = BTreeMap::new();
    for cell in &report.cells {
        let row = rows.entry((&cell.structure, cell.method)).or_default();
        row[usize::from(cell.reference != HELD_OUT)] = Some(format!("{:.2}", 100.0 * cell.mean));
    }
    let arbitrated = rows.values().any(|row| row[1].is_some());
    let lines = rows
        .into_iter()
        .map(|((structure, method), [held_out, against])| {
            let mut line = vec![
                structure.to_owned(),
                method.to_string(),
                held_out.unwrap_or_default(),
            ];
            if arbitrated {
                line.push(against.unwrap_or_default());
            }
            line
        });
    let mut header = vec!["structure", "method", HELD_OUT];
    if arbitrated {
        header.push("arbitrated");
    }
    output::line(plain(&header, lines));
    output::line(format_args!(
        "\n{HELD_OUT}: each rater's mask against the fusion of the others; mean over raters, then over cases"
    ));
    let methods: BTreeSet<_> = report.cells.iter().map(|cell| cell.method).collect();
    for entry in methods.into_iter().filter_map(entry) {
        output::line(format_args!("{}: {}", entry.kind, entry.summary));
    }
    for note in &report.notes {
        output::line(note);
    }
}
