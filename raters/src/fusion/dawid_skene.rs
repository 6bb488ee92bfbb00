//! Dawid–Skene: as STAPLE, with the share of foreground estimated as well.
//!
//! Dawid, Skene: "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied Statistics 28(1),
//! 1979; two classes, pixels as items. Over one case it is the textbook model. Over a data set the raters' rates are shared by
//! all cases and each case has a share of foreground of its own: raters are people, cases differ in size.

use ndarray::Array2;

use super::em::{self, Group, Prior, Rule};
use super::masks::order_by_content;
use super::pattern::Patterns;
use super::staple::{by_slot, unanimous};
use super::{Estimate, Masks, Rates, Start};

/// When EM ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DawidSkeneOptions {
    /// EM ends after so many steps, converged or not.
    pub max_iterations: u32,
    /// EM has converged when a step moves W by at most this, averaged over pixels.
    pub tolerance: f64,
}

impl Default for DawidSkeneOptions {
    /// 1000 iterations; 1e-9: with the share of foreground free, EM walks slowly.
    fn default() -> Self {
        Self {
            max_iterations: 1000,
            tolerance: 1e-9,
        }
    }
}

/// What is found of a whole data set.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedEstimate {
    /// One map `[h, w]` a case: the probability that the pixel is foreground, in 0 to 1.
    pub maps: Vec<Array2<f32>>,
    /// One share of foreground a case.
    pub priors: Vec<f64>,
    /// Slot and rates of each rater who marked any case, in slot order.
    pub raters: Vec<(usize, Rates)>,
    /// EM steps taken; 0 where all raters agree on every case.
    pub iterations: u32,
    /// Whether W stood still before the iterations were spent.
    pub converged: bool,
    /// One entry an iteration; never falls.
    pub log_likelihood: Vec<f64>,
}

/// Dawid–Skene of one structure's masks of one case. Raters who agree on every pixel get that mask back.
pub fn dawid_skene(masks: &Masks<'_>, options: &DawidSkeneOptions) -> Estimate {
    if masks.agree() {
        return unanimous(masks);
    }
    let order = order_by_content(std::slice::from_ref(masks));
    let group = group(masks, &order);
    let fit = em::fit(std::slice::from_ref(&group), order.len(), rule(options));
    Estimate {
        map: group.patterns.spread(&fit.w[0]),
        raters: by_slot(&order, &fit),
        prior: fit.priors[0],
        iterations: fit.iterations,
        converged: fit.converged,
        log_likelihood: fit.log_likelihood,
    }
}

/// Dawid–Skene of one structure's masks of all cases: rates a rater, a share of foreground a case. A rater who is absent from a
/// case has no say in it. Where all raters agree on every case, each case's mask comes back.
pub fn dawid_skene_shared(cases: &[Masks<'_>], options: &DawidSkeneOptions) -> SharedEstimate {
    let order = order_by_content(cases);
    let mut slots = order.clone();
    slots.sort_unstable();
    if cases.iter().all(Masks::agree) {
        let each: Vec<_> = cases.iter().map(unanimous).collect();
        return SharedEstimate {
            priors: each.iter().map(|estimate| estimate.prior).collect(),
            maps: each.into_iter().map(|estimate| estimate.map).collect(),
            raters: slots
                .into_iter()
                .map(|slot| (slot, Rates::PERFECT))
                .collect(),
            iterations: 0,
            converged: true,
            log_likelihood: Vec::new(),
        };
    }
    let groups: Vec<_> = cases.iter().map(|masks| group(masks, &order)).collect();
    let fit = em::fit(&groups, order.len(), rule(options));
    let maps = groups.iter().zip(&fit.w);
    SharedEstimate {
        maps: maps.map(|(group, w)| group.patterns.spread(w)).collect(),
        raters: slots.into_iter().zip(by_slot(&order, &fit)).collect(),
        priors: fit.priors,
        iterations: fit.iterations,
        converged: fit.converged,
        log_likelihood: fit.log_likelihood,
    }
}

/// One case; its columns are the positions in `order` of the raters who marked it.
fn group(masks: &Masks<'_>, order: &[usize]) -> Group {
    let placed = order.iter().enumerate();
    let (raters, drawn): (Vec<_>, Vec<_>) = placed
        .filter_map(|(position, slot)| Some((position, masks.of_slot(*slot)?)))
        .unzip();
    Group {
        patterns: Patterns::count(&drawn),
        raters,
    }
}

fn rule(options: &DawidSkeneOptions) -> Rule {
    Rule {
        start: Start::Mean,
        prior: Prior::Estimated,
        max_iterations: options.max_iterations,
        tolerance: options.tolerance,
    }
}

#[cfg(test)]
mod tests {
    use super::{DawidSkeneOptions, dawid_skene, dawid_skene_shared};
    use crate::fusion::Masks;
    use crate::testing::case_of_rows;

    #[test]
    fn one_case_is_a_data_set_of_one() {
        let case = case_of_rows(&[&[1, 1, 0, 0, 0], &[1, 0, 0, 1, 0], &[1, 1, 1, 0, 0]]);
        let masks = Masks::of_case(&case, 0).unwrap();
        let options = DawidSkeneOptions::default();
        let (one, shared) = (
            dawid_skene(&masks, &options),
            dawid_skene_shared(&[masks], &options),
        );
        assert_eq!(one.map, shared.maps[0]);
        let rates: Vec<_> = shared.raters.into_iter().map(|(_, rates)| rates).collect();
        assert_eq!(one.raters, rates);
    }

    #[test]
    fn a_rater_who_is_bad_everywhere_is_doubted_where_one_case_alone_cannot_tell() {
        // Raters 1 and 2 agree on the first case and rater 3 marks the background; on the second, rater 1 is absent.
        let first = case_of_rows(&[
            &[1, 1, 1, 1, 0, 0, 0, 0],
            &[1, 1, 1, 1, 0, 0, 0, 0],
            &[0, 1, 0, 1, 0, 1, 0, 1],
        ]);
        let mut second = case_of_rows(&[
            &[0, 0, 0, 0, 0, 0, 0, 0],
            &[1, 1, 1, 0, 0, 0, 0, 0],
            &[0, 1, 0, 1, 0, 1, 0, 1],
        ]);
        second.present[0] = false;
        let cases: Vec<_> = [&first, &second]
            .map(|case| Masks::of_case(case, 0).unwrap())
            .into();
        let shared = dawid_skene_shared(&cases, &DawidSkeneOptions::default());
        let slots: Vec<_> = shared.raters.iter().map(|(slot, _)| *slot).collect();
        assert_eq!(slots, [0, 1, 2]);
        assert!(shared.raters[1].1.sensitivity > 0.95);
        assert!(shared.raters[2].1.sensitivity < 0.6);
        let second: Vec<bool> = shared.maps[1].iter().map(|value| *value > 0.5).collect();
        assert_eq!(second, [1, 1, 1, 0, 0, 0, 0, 0].map(|mark| mark == 1));
        assert!((shared.priors[0] - 0.5).abs() < 0.05 && (shared.priors[1] - 0.375).abs() < 0.05);
    }

    #[test]
    fn where_all_agree_on_every_case_each_mask_comes_back() {
        let (first, second) = (
            case_of_rows(&[&[1, 0], &[1, 0]]),
            case_of_rows(&[&[0, 0], &[0, 0]]),
        );
        let cases = [&first, &second].map(|case| Masks::of_case(case, 0).unwrap());
        let shared = dawid_skene_shared(&cases, &DawidSkeneOptions::default());
        assert_eq!(shared.iterations, 0);
        assert_eq!(shared.maps[0], first.mask(0, 0).mapv(f32::from));
        assert_eq!(shared.maps[1], second.mask(0, 0).mapv(f32::from));
        assert!(
            dawid_skene_shared(&[], &DawidSkeneOptions::default())
                .maps
                .is_empty()
        );
    }
}
