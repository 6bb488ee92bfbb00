//! Made images: a disc with a cup inside, marked by raters whose biases are known.
//!
//! The generator's own masks are ellipses; the image shows them as smooth steps of brightness under noise. Rater m draws each
//! ellipse with its radius times `1 + bias_m + wobble(φ)`, where the wobble is a constant and three harmonics of the angle, new
//! for each case, rater and structure, of standard deviation `jitter`. A rater's cup never leaves that rater's disc.
//!
//! Where there is a cup there is a diagnosis: ill where the generator's own cup is more than half as high as its disc, as
//! glaucoma is suspected by the ratio of cup to disc.

use std::f64::consts::TAU;

use mrprism_protocol::spec::PhantomSpec;
use ndarray::{Array2, Array3, Array4, s};

use crate::case::Case;
use crate::draw::Draws;
use crate::split_name::SplitName;

const HARMONICS: u64 = 3;
/// Height of the cup as a share of the disc's.
const ILL_ABOVE: f64 = 0.5;
/// Streams of a case; raters have streams of their own.
const SHAPE: u64 = 1;
const LIGHT: u64 = 2;
const NOISE: u64 = 3;
const RATER: u64 = 4;

/// A phantom data set: every case is a function of the spec and its number.
#[derive(Debug, Clone)]
pub(crate) struct Phantom {
    spec: PhantomSpec,
    structures: usize,
}

impl Phantom {
    /// `structures`: 1 for the disc alone, 2 for disc and cup.
    pub(crate) fn new(spec: PhantomSpec, structures: usize) -> Self {
        Self { spec, structures }
    }

    /// Every case's name and the split the generator made it for.
    pub(crate) fn names(&self) -> Vec<(String, SplitName)> {
        let counts = SplitName::ALL.iter().zip(self.spec.cases);
        counts
            .flat_map(|(split, count)| (0..count).map(move |_| *split))
            .enumerate()
            .map(|(number, split)| (name_of(number), split))
            .collect()
    }

    /// Whether its cases come with a diagnosis.
    pub(crate) fn has_diagnoses(&self) -> bool {
        self.structures > 1
    }

    /// The raters' names: their numbers.
    pub(crate) fn raters(&self) -> Vec<String> {
        (1..=self.spec.biases.len())
            .map(|number| number.to_string())
            .collect()
    }

    /// Case number `number` (from 0), its image before the intensity rule.
    pub(crate) fn case(&self, number: usize) -> Case {
        let side = self.spec.size as usize;
        let ellipses = self.ellipses(number as u64);
        let truth = Array3::from_shape_fn((self.structures, side, side), |(k, y, x)| {
            u8::from(ellipses[k].radius(x, y) <= 1.0)
        });
        let raters = self.spec.biases.len();
        let mut masks = Array4::<u8>::zeros((raters, self.structures, side, side));
        for rater in 0..raters {
            for (k, ellipse) in ellipses.iter().take(self.structures).enumerate() {
                let edge = self.edge(number as u64, rater, k as u64);
                let outer = (k > 0).then(|| masks.slice(s![rater, k - 1, .., ..]).to_owned());
                masks
                    .slice_mut(s![rater, k, .., ..])
                    .indexed_iter_mut()
                    .for_each(|((y, x), mask)| {
                        let inside = ellipse.radius(x, y) <= edge.at(ellipse.angle(x, y));
                        let allowed = outer.as_ref().is_none_or(|outer| outer[[y, x]] == 1);
                        *mask = u8::from(inside && allowed);
                    });
            }
        }
        Case {
            patient: name_of(number),
            name: name_of(number),
            image: self
                .image(number as u64, &ellipses)
                .insert_axis(ndarray::Axis(0)),
            masks,
            present: vec![true; raters],
            label: self.has_diagnoses().then(|| {
                let [disc, cup] = &ellipses;
                u8::from(cup.down > ILL_ABOVE * disc.down)
            }),
            arbitrated: Some(truth),
        }
    }

    fn ellipses(&self, case: u64) -> [Ellipse; 2] {
        let draws = Draws::new(self.spec.seed, &[SHAPE, case]);
        let side = f64::from(self.spec.size);
        let across = side * draws.between(0, 0.20, 0.30);
        let disc = Ellipse {
            x: side * draws.between(1, 0.42, 0.58),
            y: side * draws.between(2, 0.42, 0.58),
            across,
            down: across * draws.between(3, 0.85, 1.15),
            turn: draws.between(4, 0.0, TAU),
        };
        let share = draws.between(5, 0.40, 0.60);
        let cup = Ellipse {
            x: disc.x + across * draws.between(6, -0.08, 0.08),
            y: disc.y + across * draws.between(7, -0.08, 0.08),
            across: disc.across * share,
            down: disc.down * share * draws.between(8, 0.9, 1.1),
            turn: disc.turn,
        };
        [disc, cup]
    }

    fn edge(&self, case: u64, rater: usize, structure: u64) -> Edge {
        let draws = Draws::new(self.spec.seed, &[RATER, case, rater as u64, structure]);
        // Half of the wobble's variance is the constant's, the other half the harmonics'.
        let constant = self.spec.jitter * 0.5_f64.sqrt();
        let harmonic = self.spec.jitter * (0.5 / HARMONICS as f64).sqrt();
        let mut waves = [(0.0, 0.0); HARMONICS as usize];
        for (number, wave) in (0_u64..).zip(&mut waves) {
            *wave = (
                harmonic * draws.normal(1 + 2 * number),
                harmonic * draws.normal(2 + 2 * number),
            );
        }
        Edge {
            scale: 1.0 + self.spec.biases[rater] + constant * draws.normal(0),
            waves,
        }
    }

    fn image(&self, case: u64, ellipses: &[Ellipse; 2]) -> Array2<f32> {
        let side = self.spec.size as usize;
        let light = Draws::new(self.spec.seed, &[LIGHT, case]);
        let noise = Draws::new(self.spec.seed, &[NOISE, case]);
        let slope = (light.between(0, -0.1, 0.1), light.between(1, -0.1, 0.1));
        let (disc_step, cup_step) = (light.between(2, 0.25, 0.35), light.between(3, 0.2, 0.3));
        let middle = |position: usize| (position as f64 + 0.5) / side as f64 - 0.5;
        Array2::from_shape_fn((side, side), |(y, x)| {
            let ramp = slope.0 * middle(x) + slope.1 * middle(y);
            let disc = disc_step * inside_softly(ellipses[0].radius(x, y));
            let cup = if self.structures > 1 {
                cup_step * inside_softly(ellipses[1].radius(x, y))
            } else {
                0.0
            };
            let grain = self.spec.noise * noise.normal((y * side + x) as u64);
            (0.25 + ramp + disc + cup + grain).clamp(0.0, 1.0) as f32
        })
    }
}

fn name_of(number: usize) -> String {
    format!("phantom{:04}", number + 1)
}

/// 1 well inside, 0 well outside, a half on the edge.
fn inside_softly(radius: f64) -> f64 {
    const SOFTNESS: f64 = 0.06;
    1.0 / (1.0 + ((radius - 1.0) / SOFTNESS).exp())
}

/// Centre, half axes and turn, in pixels and radians.
#[derive(Debug, Clone, Copy)]
struct Ellipse {
    x: f64,
    y: f64,
    across: f64,
    down: f64,
    turn: f64,
}

impl Ellipse {
    /// Pixel's middle in the ellipse's own axes, in units of its half axes.
    fn own(&self, x: usize, y: usize) -> (f64, f64) {
        let (dx, dy) = (x as f64 + 0.5 - self.x, y as f64 + 0.5 - self.y);
        let (sin, cos) = self.turn.sin_cos();
        (
            (cos * dx + sin * dy) / self.across,
            (cos * dy - sin * dx) / self.down,
        )
    }

    fn radius(&self, x: usize, y: usize) -> f64 {
        let (u, v) = self.own(x, y);
        u.hypot(v)
    }

    fn angle(&self, x: usize, y: usize) -> f64 {
        let (u, v) = self.own(x, y);
        v.atan2(u)
    }
}

/// How far out a rater draws, as a share of the true radius.
#[derive(Debug, Clone, Copy)]
struct Edge {
    scale: f64,
    waves: [(f64, f64); HARMONICS as usize],
}

impl Edge {
    fn at(&self, angle: f64) -> f64 {
        let wobble: f64 = (1_u32..)
            .zip(&self.waves)
            .map(|(number, (cos, sin))| {
                let turned = f64::from(number) * angle;
                cos * turned.cos() + sin * turned.sin()
            })
            .sum();
        self.scale + wobble
    }
}
