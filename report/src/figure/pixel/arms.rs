//! What figures compare arms by: the same cases, predicted by each.

use mrprism_raters::case::Case;
use mrprism_raters::prediction::StoredPrediction;

use super::super::draw::COLOURS;
use super::super::panel::NoFigure;

/// An arm's name, and cases with what a run of it stored of them.
pub type ArmPredictions<'a> = (String, Vec<(&'a Case, &'a StoredPrediction)>);

/// Refuses what cannot stand side by side: no arm, more arms than colours, arms of other cases, files of other cases or sizes.
pub(super) fn comparable(arms: &[ArmPredictions<'_>], structure: usize) -> Result<(), NoFigure> {
    let Some((first, cases)) = arms.first() else {
        return Err(NoFigure::Empty("no arm was given".to_owned()));
    };
    if cases.is_empty() {
        return Err(NoFigure::Empty(format!("arm '{first}' has no case")));
    }
    if arms.len() > COLOURS {
        return Err(NoFigure::TooMany {
            series: arms.len(),
            most: COLOURS,
            example: first.clone(),
        });
    }
    let names = |(_, cases): &ArmPredictions<'_>| -> Vec<String> {
        let mut names: Vec<_> = cases.iter().map(|(case, _)| case.name.clone()).collect();
        names.sort_unstable();
        names
    };
    let expected = names(&arms[0]);
    for arm in arms {
        if names(arm) != expected {
            return Err(NoFigure::Refused(format!(
                "arms '{first}' and '{}' predict other cases: choose arms with one test split",
                arm.0
            )));
        }
        for (case, stored) in &arm.1 {
            fits(case, stored, structure)?;
        }
    }
    Ok(())
}

/// Refuses a file that is not of this case, or does not hold the structure at the case's size.
pub(super) fn fits(
    case: &Case,
    stored: &StoredPrediction,
    structure: usize,
) -> Result<(), NoFigure> {
    let name = &case.name;
    let refuse = |message: String| Err(NoFigure::Refused(message));
    let (recurrences, structures, height, width) = stored.prediction.dim();
    if stored.case != *name {
        return refuse(format!(
            "the prediction of '{}' stands beside case '{name}': pair each case with its own file",
            stored.case
        ));
    }
    if structure >= structures || structure >= case.structures() {
        return refuse(format!(
            "case '{name}' has no structure {}: it was predicted for {structures}",
            structure + 1
        ));
    }
    if (height, width) != case.side() {
        let (rows, columns) = case.side();
        return refuse(format!(
            "case '{name}' has {columns}x{rows} pixels and its prediction {width}x{height}: open the data set at the run's size"
        ));
    }
    if recurrences == 0 {
        return refuse(format!("the prediction of '{name}' holds no map"));
    }
    Ok(())
}
