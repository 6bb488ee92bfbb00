//! What reports are made of: an experiment's runs and their scores.

use std::collections::BTreeMap;

use mrprism_protocol::id::RunId;
use mrprism_protocol::spec::{ExperimentFile, FileOrder, Output, RaterIdentity, Reference};
use mrprism_protocol::wire::Score;

use crate::run::RunFacts;
use crate::table::is_fusion;

/// What reports are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The experiment's name.
    pub experiment: String,
    /// What it asks.
    pub question: String,
    /// The arm that tests compare with.
    pub baseline: Option<String>,
    /// Every run, in the experiment's order.
    pub runs: Vec<RunFacts>,
    /// Scores of runs; those of runs that have not succeeded are left out.
    pub scores: Vec<RunScore>,
}

impl Results {
    /// The results in the order in which the file names its cells, whatever was added when: of equal runs and scores the same
    /// report comes out.
    #[must_use]
    pub fn in_order_of(mut self, file: &ExperimentFile) -> Self {
        let order = FileOrder::of(file);
        self.runs
            .sort_by_key(|run| order.place(&run.arm, &run.spec.dataset.name, run.fold, run.seed));
        let places: BTreeMap<RunId, usize> = self.runs.iter().map(|run| run.run).zip(0..).collect();
        self.scores
            .sort_by_key(|score| places.get(&score.run).copied().unwrap_or(usize::MAX));
        self
    }
}

/// A score and the run it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct RunScore {
    /// The run.
    pub run: RunId,
    /// The score.
    pub score: Score,
}

/// A score of a run that has succeeded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub(crate) run: &'a RunFacts,
    pub(crate) score: &'a Score,
}

impl Scored<'_> {
    /// Whether the score speaks of one rater slot where slots mean nothing. Raters held out of a fusion are averaged and no column
    /// names them.
    pub(crate) fn is_of_exchangeable_rater(&self) -> bool {
        self.run.spec.dataset.rater_identity == RaterIdentity::Exchangeable
            && !is_fusion(self.score.output)
            && (matches!(self.score.reference, Reference::Rater(_))
                || matches!(self.score.output, Output::Head(_)))
    }
}
