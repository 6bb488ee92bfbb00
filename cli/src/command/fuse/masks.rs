//! Files in, one file out: each rater's numbers beside it.

use std::path::{Path, PathBuf};

use mrprism_protocol::spec::FusionKind;
use mrprism_raters::fusion::{Fused, Masks, StapleOptions, fuse, staple};
use mrprism_raters::metric::dice;
use mrprism_raters::read::read_mask_file;
use mrprism_raters::write::{is_png, write_map_file, write_mask_file};
use serde::Serialize;

use super::Fuse;
use crate::failure::{as_wrong_use, wrong_use};
use crate::output;
use mrprism_report::print::plain;

/// What is printed. Shares and rates are fractions; raters count from 1, in the order of the files.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    method: FusionKind,
    width: usize,
    height: usize,
    /// Steps taken, where the method iterates.
    iterations: Option<u32>,
    converged: bool,
    /// Mean of the fused map: its share of the image.
    area: f64,
    raters: Vec<Rater>,
    pairwise_dice: Vec<Pair>,
    out: PathBuf,
    /// None for a soft map.
    threshold: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Rater {
    mask: PathBuf,
    /// Share of the image that is marked.
    area: f64,
    sensitivity: f64,
    specificity: f64,
}

#[derive(Debug, Serialize)]
struct Pair {
    a: usize,
    b: usize,
    dice: f64,
}

pub(super) fn run(asked: &Fuse, out: &Path) -> anyhow::Result<()> {
    let [method] = asked.methods[..] else {
        return Err(wrong_use("give one --method with --mask"));
    };
    if asked.margin.is_some() && method != FusionKind::Staple {
        return Err(wrong_use(format!(
            "--margin belongs to staple: '{method}' has no such option"
        )));
    }
    if !is_png(out) {
        return Err(wrong_use(format!(
            "{}: only PNG is written, let --out end in .png",
            out.display()
        )));
    }
    if out.exists() && !asked.force {
        return Err(wrong_use(format!(
            "{} exists: give another --out, or --force to replace it",
            out.display()
        )));
    }
    let read = asked
        .masks
        .iter()
        .map(|path| read_mask_file(path, asked.foreground.as_ref()));
    let drawn = as_wrong_use(read.collect::<Result<Vec<_>, _>>())?;
    let masks = as_wrong_use(Masks::new(drawn.iter().map(|mask| mask.view()).collect()))?;
    let fused = match asked.margin {
        Some(margin) => staple(
            &masks,
            &StapleOptions {
                margin: Some(margin),
                ..StapleOptions::default()
            },
        )
        .into(),
        None => fuse(&masks, method),
    };
    match asked.threshold {
        Some(threshold) => write_mask_file(out, &fused.map.above(threshold))?,
        None => write_map_file(out, &fused.map.soft())?,
    }
    let report = report(asked, method, &masks, &fused, out);
    if asked.json {
        output::json(&report)?;
    } else {
        print(&report);
    }
    if !fused.converged {
        output::note(format_args!(
            "{method} had not converged when its iterations were spent: read the numbers with care"
        ));
    }
    Ok(())
}

fn report(
    asked: &Fuse,
    method: FusionKind,
    masks: &Masks<'_>,
    fused: &Fused,
    out: &Path,
) -> Report {
    let (height, width) = masks.side();
    let pixels = (height * width).max(1) as f64;
    let raters = asked.masks.iter().zip(masks.iter()).zip(&fused.raters);
    let mut pairwise_dice = Vec::new();
    for (a, mask) in masks.iter() {
        for (b, other) in masks.iter().skip(a + 1) {
            pairwise_dice.push(Pair {
                a: a + 1,
                b: b + 1,
                dice: dice(&mask, &other),
            });
        }
    }
    Report {
        schema: "mrprism.fusion/1",
        method,
        width,
        height,
        iterations: fused.iterations,
        converged: fused.converged,
        area: fused
            .map
            .soft()
            .iter()
            .map(|value| f64::from(*value))
            .sum::<f64>()
            / pixels,
        raters: raters
            .map(|((path, (_, mask)), rates)| Rater {
                mask: path.clone(),
                area: mask.iter().filter(|pixel| **pixel != 0).count() as f64 / pixels,
                sensitivity: rates.sensitivity,
                specificity: rates.specificity,
            })
            .collect(),
        pairwise_dice,
        out: out.to_owned(),
        threshold: asked.threshold,
    }
}

fn print(report: &Report) {
    let steps = report.iterations.map_or_else(String::new, |steps| {
        let ended = if report.converged {
            "converged"
        } else {
            "not converged"
        };
        format!(", {steps} iterations, {ended}")
    });
    output::line(format_args!(
        "{} of {} masks of {} x {} pixels{steps}; fused area {}\n",
        report.method,
        report.raters.len(),
        report.width,
        report.height,
        percent(report.area)
    ));
    let rows = (1..).zip(&report.raters).map(|(number, rater)| {
        vec![
            format!("R{number}"),
            percent(rater.area),
            percent(rater.sensitivity),
            percent(rater.specificity),
            rater.mask.display().to_string(),
        ]
    });
    output::line(plain(
        &["rater", "area", "sensitivity", "specificity", "mask"],
        rows,
    ));
    if !report.pairwise_dice.is_empty() {
        let pairs = report.pairwise_dice.iter().map(|pair| {
            let names = format!("R{} and R{}", pair.a, pair.b);
            vec![names, percent(pair.dice)]
        });
        output::line(format_args!("\n{}", plain(&["pair", "Dice"], pairs)));
    }
    let kind = report.threshold.map_or_else(
        || "soft, 16 bits".to_owned(),
        |threshold| format!("hard, above {threshold}"),
    );
    output::line(format_args!("\nwritten: {} ({kind})", report.out.display()));
}

fn percent(fraction: f64) -> String {
    format!("{:.2}", 100.0 * fraction)
}
