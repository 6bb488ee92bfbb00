//! What reports are made of: an experiment's runs and their scores.

use mrprism_protocol::id::RunId;
use mrprism_protocol::spec::{Output, RaterIdentity, Reference};
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
