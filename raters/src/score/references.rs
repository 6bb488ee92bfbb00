//! What a case is scored against, from its raters' masks.

use mrprism_protocol::spec::{Reference, ReferenceFamily};
use ndarray::s;

use super::prepared::Prepared;
use crate::case::Case;
use crate::fusion::{Masks, StapleOptions, Votes, majority, mean, staple};

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
    let votes = |reference, votes| (reference, Prepared::votes(votes));
    let each_rater = |make: &dyn Fn(usize) -> Option<(Reference, Votes)>| {
        let made = case.present_raters().filter_map(make);
        made.map(|(reference, of)| votes(reference, of)).collect()
    };
    let family = |family: &ReferenceFamily| -> Vec<_> {
        match family {
            ReferenceFamily::Mean => mean(case, structure)
                .map(|mean| votes(Reference::Mean, mean))
                .into_iter()
                .collect(),
            ReferenceFamily::Majority => majority(case, structure)
                .map(|majority| votes(Reference::Majority, majority))
                .into_iter()
                .collect(),
            ReferenceFamily::Staple => Masks::of_case(case, structure)
                .map(|masks| staple(&masks, &StapleOptions::default()))
                .map(|estimate| (Reference::Staple, Prepared::map(estimate.map)))
                .into_iter()
                .collect(),
            ReferenceFamily::Arbitrated => case
                .arbitrated
                .iter()
                .map(|masks| {
                    let mask = masks.slice(s![structure, .., ..]);
                    votes(Reference::Arbitrated, Votes::hard(&mask))
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
        }
    };
    families.iter().flat_map(family).collect()
}
