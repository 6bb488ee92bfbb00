//! What a case is scored against, from its raters' masks.

use mrprism_protocol::spec::{Reference, ReferenceFamily};
use ndarray::s;

use super::prepared::Prepared;
use crate::case::Case;
use crate::fusion::{Votes, majority, mean};

/// The mean of every present rater but `rater`; none where nobody else is present.
pub(super) fn others(case: &Case, structure: usize, rater: usize) -> Option<Votes> {
    Votes::count(
        case,
        structure,
        case.present_raters().filter(|other| *other != rater),
    )
}

/// Every reference of one structure that this case has, in the order asked.
pub(super) fn references(
    case: &Case,
    structure: usize,
    families: &[ReferenceFamily],
) -> Vec<(Reference, Prepared)> {
    let each_rater = |make: &dyn Fn(usize) -> Option<(Reference, Votes)>| {
        case.present_raters().filter_map(make).collect::<Vec<_>>()
    };
    families
        .iter()
        .flat_map(|family| match family {
            ReferenceFamily::Mean => mean(case, structure)
                .map(|votes| (Reference::Mean, votes))
                .into_iter()
                .collect(),
            ReferenceFamily::Majority => majority(case, structure)
                .map(|votes| (Reference::Majority, votes))
                .into_iter()
                .collect(),
            ReferenceFamily::Arbitrated => case
                .arbitrated
                .iter()
                .map(|masks| {
                    let mask = masks.slice(s![structure, .., ..]);
                    (Reference::Arbitrated, Votes::hard(&mask))
                })
                .collect(),
            ReferenceFamily::Raters => each_rater(&|rater| {
                let number = rater as u32 + 1;
                Some((
                    Reference::Rater(number),
                    Votes::hard(&case.mask(rater, structure)),
                ))
            }),
            ReferenceFamily::LeaveOneOut => each_rater(&|rater| {
                let number = rater as u32 + 1;
                Some((
                    Reference::LeaveOneOut(number),
                    others(case, structure, rater)?,
                ))
            }),
        })
        .map(|(reference, votes)| (reference, Prepared::votes(votes)))
        .collect()
}
