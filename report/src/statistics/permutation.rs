//! The paired permutation test (Fisher 1935): were the arms alike, each unit's difference could as well have the other sign.

use mrprism_raters::draw::Draws;

use super::refusal::{Refusal, enough_signs, finite};
use super::{SAME, Tested};

/// Up to so many units every arrangement is looked at.
const MOST_EXACT: usize = 16;
/// Arrangements drawn beyond.
const DRAWN: u32 = 10_000;

/// Tests one difference a unit by their mean, which is the statistic. Up to 16 units exactly; beyond by 10,000 arrangements drawn
/// under `seed`, the observed one counted among them.
///
/// # Errors
/// Fewer than six units (2 of 2⁵ is above 0.05), or a difference that is not finite.
pub fn permutation(differences: &[f64], seed: u64) -> Result<Tested, Refusal> {
    finite(differences)?;
    let units = differences.len();
    enough_signs(units)?;
    // In order of value, so that the order of units decides no draw.
    let mut differences = differences.to_vec();
    differences.sort_by(f64::total_cmp);
    let observed: f64 = differences.iter().sum();
    let scale = differences.iter().map(|value| value.abs()).sum::<f64>();
    let as_far = |sum: f64| sum.abs() >= observed.abs() - SAME * scale.max(1.0);
    let p = if units <= MOST_EXACT {
        let all = 1_u32 << units;
        let far = (0..all).filter(|signs| as_far(signed(&differences, u64::from(*signs))));
        far.count() as f64 / f64::from(all)
    } else {
        let far = (0..DRAWN).filter(|number| {
            let draws = Draws::new(seed, &[u64::from(*number)]);
            let sum = differences
                .chunks(64)
                .zip(0_u64..)
                .map(|(part, word)| signed(part, draws.word(word)))
                .sum();
            as_far(sum)
        });
        (far.count() as f64 + 1.0) / (f64::from(DRAWN) + 1.0)
    };
    Ok(Tested {
        statistic: observed / units as f64,
        p,
        units,
    })
}

/// The sum where bit i of `signs` turns difference i round; at most 64 of them.
fn signed(differences: &[f64], signs: u64) -> f64 {
    let turned = differences.iter().zip(0_u32..).map(|(difference, bit)| {
        if signs >> bit & 1 == 1 {
            -difference
        } else {
            *difference
        }
    });
    turned.sum()
}
