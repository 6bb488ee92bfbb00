//! How well raters agree, each with each, and how much each of them marks.

use mrprism_protocol::spec::RaterIdentity;
use mrprism_raters::case::Case;
use mrprism_raters::metric::pairwise_dice;

use super::super::panel::NoFigure;

/// A mean over cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The mean, in 0 to 1.
    pub mean: f64,
    /// Cases it is of.
    pub cases: usize,
}

/// The matrix of mean Dice between raters, and each rater's mean area.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Over the figure.
    pub title: String,
    /// `[m][m]`, alike on both sides of the diagonal; none on it, and where two raters never marked the same case.
    pub dice: Vec<Vec<Option<Cell>>>,
    /// Each rater's mean share of the image; none of a rater who marked nothing.
    pub areas: Vec<Option<Cell>>,
}

/// A running mean.
#[derive(Clone, Copy, Default)]
struct Sum {
    total: f64,
    cases: usize,
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.total += value;
        self.cases += 1;
    }

    fn mean(self) -> Option<Cell> {
        let cases = self.cases;
        (cases > 0).then(|| Cell {
            mean: self.total / cases as f64,
            cases,
        })
    }
}

impl Agreement {
    /// Dice of every pair of raters on one structure, averaged over the cases that both marked; two empty masks agree. `name` says
    /// of what: data set, structure.
    ///
    /// # Errors
    /// [`NoFigure`] where raters are exchangeable, fewer than two, or not as many in every case, and where there is no case.
    pub fn of(
        cases: &[Case],
        structure: usize,
        name: &str,
        identity: RaterIdentity,
    ) -> Result<Self, NoFigure> {
        if identity == RaterIdentity::Exchangeable {
            return Err(NoFigure::Refused(format!(
                "the raters of {name} are exchangeable: slot 1 of one case is not who slot 1 of the next is, so that no cell would be of two people"
            )));
        }
        let first = cases
            .first()
            .ok_or_else(|| NoFigure::Empty(format!("{name} has no case")))?;
        let raters = first.raters();
        if raters < 2 {
            return Err(NoFigure::Empty(format!(
                "{name} has one rater, and nobody to agree with"
            )));
        }
        let mut dice = vec![vec![Sum::default(); raters]; raters];
        let mut areas = vec![Sum::default(); raters];
        for case in cases {
            if case.raters() != raters {
                return Err(NoFigure::Refused(format!(
                    "case '{}' has {} raters and '{}' {raters}: show cases of one data set",
                    case.name,
                    case.raters(),
                    first.name
                )));
            }
            if structure >= case.structures() {
                return Err(NoFigure::Refused(format!(
                    "case '{}' has no structure {}: it has {}",
                    case.name,
                    structure + 1,
                    case.structures()
                )));
            }
            for (one, other, value) in pairwise_dice(case, structure) {
                dice[one][other].add(value);
                dice[other][one].add(value);
            }
            for rater in case.present_raters() {
                let mask = case.mask(rater, structure);
                let marked = mask.iter().filter(|pixel| **pixel != 0).count();
                areas[rater].add(marked as f64 / mask.len().max(1) as f64);
            }
        }
        let row = |row: Vec<Sum>| row.into_iter().map(Sum::mean).collect();
        Ok(Self {
            title: format!("Agreement of raters, {name}"),
            dice: dice.into_iter().map(row).collect(),
            areas: areas.into_iter().map(Sum::mean).collect(),
        })
    }
}
