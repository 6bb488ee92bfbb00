//! Expectation–maximisation over vote patterns: what STAPLE and Dawid–Skene share.
//!
//! The hidden mask is 1 at a pixel with probability f (the prior). Rater m marks a foreground pixel with probability `p_m`
//! (sensitivity) and leaves a background pixel with probability `q_m` (specificity), each pixel and rater on their own.
//!
//! * E: `log a = log f + Σ_{marks} log p_m + Σ_{leaves} log(1−p_m)`,
//!   `log b = log(1−f) + Σ_{leaves} log q_m + Σ_{marks} log(1−q_m)`, `W = a / (a + b)`.
//! * M: `p_m = Σ W·z / Σ W`, `q_m = Σ (1−W)(1−z) / Σ (1−W)`, over the pixels of all cases that the rater marked.

use super::pattern::Patterns;

/// Rates stay this far from 0 and 1, so that one pixel cannot decide alone and no logarithm is infinite.
const RATE_MARGIN: f64 = 1e-6;
/// The same for a prior that is estimated.
const PRIOR_MARGIN: f64 = 1e-10;
/// Both rates where EM begins with them.
const FIRST_RATE: f64 = 0.999_99;

/// Where EM begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// W is the mean of the masks; the first step is M.
    #[default]
    Mean,
    /// Every rater's sensitivity and specificity is 0.99999; the first step is E.
    Rates,
}

/// Whether the share of foreground is estimated as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prior {
    /// It stays the mean of all decisions.
    Fixed,
    /// After each E step it is the mean of W, case by case.
    Estimated,
}

/// When EM ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) start: Start,
    pub(super) prior: Prior,
    pub(super) max_iterations: u32,
    pub(super) tolerance: f64,
}

/// One case: its patterns, and which rater each of their columns is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) patterns: Patterns,
    pub(super) raters: Vec<usize>,
}

/// What EM found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// One list a group, one W a pattern.
    pub(super) w: Vec<Vec<f64>>,
    /// One a group.
    pub(super) priors: Vec<f64>,
    pub(super) sensitivity: Vec<f64>,
    pub(super) specificity: Vec<f64>,
    pub(super) iterations: u32,
    pub(super) converged: bool,
    /// Of the masks, under the parameters that each E step began with.
    pub(super) log_likelihood: Vec<f64>,
}

/// Runs EM for raters 0 to `raters`.
pub(super) fn fit(groups: &[Group], raters: usize, rule: Rule) -> Fit {
    let pixels: f64 = groups.iter().map(|group| group.patterns.pixels()).sum();
    let w: Vec<Vec<f64>> = groups.iter().map(|group| group.patterns.shares()).collect();
    let mut fit = Fit {
        priors: groups
            .iter()
            .zip(&w)
            .map(|(group, w)| mean(group, w))
            .collect(),
        w,
        sensitivity: vec![FIRST_RATE; raters],
        specificity: vec![FIRST_RATE; raters],
        iterations: 0,
        converged: false,
        log_likelihood: Vec::new(),
    };
    if rule.start == Start::Mean {
        fit.maximise(groups);
    }
    while fit.iterations < rule.max_iterations && !fit.converged {
        let (moved, likelihood) = fit.expect(groups);
        if rule.prior == Prior::Estimated {
            for ((prior, group), w) in fit.priors.iter_mut().zip(groups).zip(&fit.w) {
                *prior = mean(group, w);
            }
        }
        fit.maximise(groups);
        fit.log_likelihood.push(likelihood);
        fit.iterations += 1;
        fit.converged = moved <= rule.tolerance * pixels;
    }
    fit
}

/// Mean of W over the pixels, clamped.
fn mean(group: &Group, w: &[f64]) -> f64 {
    let counts = &group.patterns.counts;
    let sum: f64 = counts.iter().zip(w).map(|(count, w)| count * w).sum();
    (sum / group.patterns.pixels().max(1.0)).clamp(PRIOR_MARGIN, 1.0 - PRIOR_MARGIN)
}

impl Fit {
    /// The E step. Returns by how much W moved, summed over pixels, and the masks' log-likelihood.
    fn expect(&mut self, groups: &[Group]) -> (f64, f64) {
        let (mut moved, mut likelihood) = (0.0, 0.0);
        for ((group, w), prior) in groups.iter().zip(&mut self.w).zip(&self.priors) {
            // A pattern's log-odds begin as nobody's marks and change by one term a mark.
            let (mut foreground, mut background) = (prior.ln(), (1.0 - prior).ln());
            let mut marks = Vec::with_capacity(group.raters.len());
            for rater in &group.raters {
                let (p, q) = (self.sensitivity[*rater], self.specificity[*rater]);
                foreground += (1.0 - p).ln();
                background += q.ln();
                marks.push((p.ln() - (1.0 - p).ln(), (1.0 - q).ln() - q.ln()));
            }
            let rows = group.patterns.votes.rows();
            for ((row, count), w) in rows.into_iter().zip(&group.patterns.counts).zip(w) {
                let (mut a, mut b) = (foreground, background);
                for (vote, (to_foreground, to_background)) in row.iter().zip(&marks) {
                    if *vote {
                        a += to_foreground;
                        b += to_background;
                    }
                }
                let now = 1.0 / (1.0 + (b - a).exp());
                likelihood += count * (a.max(b) + (-(a - b).abs()).exp().ln_1p());
                moved += count * (now - *w).abs();
                *w = now;
            }
        }
        (moved, likelihood)
    }

    /// The M step. A rate that no pixel bears on stays what it was.
    fn maximise(&mut self, groups: &[Group]) {
        let raters = self.sensitivity.len();
        // Found, foreground, left, background of each rater.
        let mut sums = vec![[0.0_f64; 4]; raters];
        for (group, w) in groups.iter().zip(&self.w) {
            let rows = group.patterns.votes.rows();
            for ((row, count), w) in rows.into_iter().zip(&group.patterns.counts).zip(w) {
                let (foreground, background) = (count * w, count * (1.0 - w));
                for (vote, rater) in row.iter().zip(&group.raters) {
                    let sums = &mut sums[*rater];
                    sums[1] += foreground;
                    sums[3] += background;
                    if *vote {
                        sums[0] += foreground;
                    } else {
                        sums[2] += background;
                    }
                }
            }
        }
        let share = |part: f64, whole: f64| {
            (whole > 0.0).then(|| (part / whole).clamp(RATE_MARGIN, 1.0 - RATE_MARGIN))
        };
        for (rater, [found, foreground, left, background]) in sums.into_iter().enumerate() {
            if let Some(rate) = share(found, foreground) {
                self.sensitivity[rater] = rate;
            }
            if let Some(rate) = share(left, background) {
                self.specificity[rater] = rate;
            }
        }
    }
}
