//! Scoring fusions: against the rater who was left out of them, and against arbitrated masks that owe nothing to the raters.
//!
//! A fused mask scored against a reference that its own raters helped to make meets itself. Therefore a fusion is scored
//! leave-one-rater-out: M − 1 raters are fused and scored against the one held out, for each in turn; whoever reads the scores
//! averages over raters inside a case. Such a score's reference is `rater:N`, the rater held out.

use mrprism_protocol::spec::{
    ArbitratedKind, EvaluationSpec, FusionKind, LabelFusion, Output, Reference, ReferenceFamily,
};
use mrprism_protocol::wire::Score;
use ndarray::s;

use super::prepared::Prepared;
use crate::case::Case;
use crate::fusion::{FusedMap, Masks, Votes, fuse_cases};
use crate::metric::Rule;

/// A reference that no fusion may be scored against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScoringError {
    /// The reference is made of the masks that were fused.
    #[error(
        "a fusion cannot be scored against '{family}': that reference is made of the very masks that were fused. Ask for 'raters' \
         (each rater against the fusion of the others) or 'arbitrated'"
    )]
    Contains {
        /// What was asked.
        family: ReferenceFamily,
    },
    /// The arbitrated masks are.
    #[error(
        "a fusion cannot be scored against these arbitrated masks: they are themselves STAPLE of the raters' masks. Ask for 'raters' \
         (each rater against the fusion of the others)"
    )]
    ArbitratedByStaple,
}

/// Scores every fusion of `kinds` on every case by every metric that scores a map: soft maps as they are, absent raters left out.
///
/// * [`ReferenceFamily::Raters`]: for each present rater r who is not alone, the fusion of the others against r's mask, as
///   [`Output::Fusion`] × [`Reference::Rater`]. A fusion over the whole data set is fitted without r on every case.
/// * [`ReferenceFamily::Arbitrated`]: the fusion of every present rater against the arbitrated mask; skipped where a case has none.
///
/// `arbitrated` says where the data set's arbitrated masks come from, where it has any.
///
/// # Errors
/// A family whose references contain the fused masks: all others, and `arbitrated` where those masks are STAPLE of the raters.
pub fn score_fusions(
    cases: &[Case],
    kinds: &[FusionKind],
    spec: &EvaluationSpec,
    structures: &[String],
    arbitrated: Option<ArbitratedKind>,
) -> Result<Vec<Score>, ScoringError> {
    refuse_own_masks(&spec.references, arbitrated)?;
    Ok(scored(cases, kinds, spec, structures))
}

/// Scores the fusions without a network that a run's evaluation lists, as [`score_fusions`] does: against every rater held out,
/// and against arbitrated masks where `arbitrated` says that there are some which are not themselves STAPLE of the raters.
pub fn score_label_fusions(
    cases: &[Case],
    spec: &EvaluationSpec,
    structures: &[String],
    arbitrated: Option<ArbitratedKind>,
) -> Vec<Score> {
    let free = |fusion: &LabelFusion| match fusion {
        LabelFusion::Learned => None,
        LabelFusion::Free(kind) => Some(*kind),
    };
    let kinds: Vec<_> = spec.fusions.iter().filter_map(free).collect();
    let mut references = vec![ReferenceFamily::Raters];
    if arbitrated.is_some_and(|kind| kind != ArbitratedKind::Staple) {
        references.push(ReferenceFamily::Arbitrated);
    }
    let spec = EvaluationSpec {
        references,
        ..spec.clone()
    };
    scored(cases, &kinds, &spec, structures)
}

/// Scores fusions against references that are known to hold none of the fused masks.
fn scored(
    cases: &[Case],
    kinds: &[FusionKind],
    spec: &EvaluationSpec,
    structures: &[String],
) -> Vec<Score> {
    let mut scores = Vec::new();
    for (k, structure) in structures.iter().enumerate() {
        let held = |case: &Case| k < case.structures();
        let (cases, masks): (Vec<_>, Vec<_>) = cases
            .iter()
            .filter(|case| held(case))
            .filter_map(|case| Some((case, Masks::of_case(case, k)?)))
            .unzip();
        for kind in kinds {
            let mut push = |case: &Case, map: FusedMap, truth: Votes, reference| {
                let (map, truth) = (Prepared::fused(map), Prepared::votes(truth));
                for metric in &spec.metrics {
                    let Some(value) = map.against(&truth, *metric) else {
                        continue;
                    };
                    scores.push(Score {
                        output: Output::Fusion(*kind),
                        recurrence: None,
                        case: case.name.clone(),
                        structure: structure.clone(),
                        reference,
                        metric: Rule::of(*metric).id.to_owned(),
                        value,
                    });
                }
            };
            for family in &spec.references {
                match family {
                    ReferenceFamily::Arbitrated => {
                        for (case, fused) in cases.iter().zip(fuse_cases(&masks, *kind)) {
                            if let Some(truth) = &case.arbitrated {
                                let truth = Votes::hard(&truth.slice(s![k, .., ..]));
                                push(case, fused.map, truth, Reference::Arbitrated);
                            }
                        }
                    }
                    _ => leave_one_out(&cases, &masks, *kind, &mut push),
                }
            }
        }
    }
    scores
}

/// Each rater in turn against the fusion of the others.
fn leave_one_out(
    cases: &[&Case],
    masks: &[Masks<'_>],
    kind: FusionKind,
    push: &mut impl FnMut(&Case, FusedMap, Votes, Reference),
) {
    let raters = cases.iter().map(|case| case.raters()).max().unwrap_or(0);
    for rater in 0..raters {
        // Cases without this rater take part too: a fusion over the whole data set learns of the others from them.
        let (kept, others): (Vec<_>, Vec<_>) = cases
            .iter()
            .zip(masks)
            .filter_map(|(case, masks)| Some(((case, masks.of_slot(rater)), masks.without(rater)?)))
            .unzip();
        for ((case, own), fused) in kept.iter().zip(fuse_cases(&others, kind)) {
            if let Some(own) = own {
                let reference = Reference::Rater(rater as u32 + 1);
                push(case, fused.map, Votes::hard(own), reference);
            }
        }
    }
}

fn refuse_own_masks(
    families: &[ReferenceFamily],
    arbitrated: Option<ArbitratedKind>,
) -> Result<(), ScoringError> {
    let fault = families.iter().find_map(|family| match family {
        ReferenceFamily::Raters => None,
        ReferenceFamily::Arbitrated => {
            (arbitrated == Some(ArbitratedKind::Staple)).then_some(ScoringError::ArbitratedByStaple)
        }
        family => Some(ScoringError::Contains { family: *family }),
    });
    fault.map_or(Ok(()), Err)
}
