//! The verdict, for people and for programs.
#![expect(clippy::print_stdout, reason = "the verdict is what is asked for")]

use serde::Serialize;

use crate::audit::{Findings, Sums};
use crate::tally::Counts;

/// How it went.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    pub(crate) counts: Counts,
    pub(crate) sums: Sums,
    #[serde(flatten)]
    pub(crate) findings: Findings,
    /// What was done too seldom for this to mean anything.
    pub(crate) too_few: Vec<String>,
}

impl Verdict {
    /// Whether nothing was found and enough was done.
    pub(crate) fn passed(&self) -> bool {
        let Findings {
            lost,
            doubled,
            stuck,
        } = &self.findings;
        [lost, doubled, stuck, &self.too_few]
            .iter()
            .all(|faults| faults.is_empty())
    }

    /// Prints it.
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            let mut value = serde_json::to_value(self)?;
            value["passed"] = self.passed().into();
            println!("{}", serde_json::to_string_pretty(&value)?);
            return Ok(());
        }
        let Findings {
            lost,
            doubled,
            stuck,
        } = &self.findings;
        for (what, faults) in [
            ("lost", lost),
            ("doubled", doubled),
            ("stuck", stuck),
            ("too few", &self.too_few),
        ] {
            for fault in faults {
                println!("{what}: {fault}");
            }
        }
        let sums = &self.sums;
        println!(
            "{}, attempts {}, runs {}",
            self.counts, sums.attempts, sums.runs
        );
        println!(
            "{} attempts lost, {} ended by infrastructure, {} went on from a checkpoint; {} scores, {} events from \
             wrong clocks; {} runs of several attempts equal their undisturbed ones",
            sums.lost,
            sums.infrastructure,
            sums.resumed,
            sums.scores,
            sums.from_wrong_clocks,
            sums.compared
        );
        println!(
            "{} lost, {} doubled, {} stuck in {:.0} s (seed {})",
            lost.len(),
            doubled.len(),
            stuck.len(),
            self.seconds,
            self.seed
        );
        Ok(())
    }
}
