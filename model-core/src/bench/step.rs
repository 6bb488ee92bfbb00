//! Times whole training steps on synthetic cases, through the very functions that training calls.

use mrprism_protocol::spec::{MethodSpec, RunSpec, Seed};
use mrprism_raters::case::Case;
use ndarray::{Array3, Array4};
use serde::Serialize;

use super::machine::{cpu_seconds, peak_rss_mib, sgemm_rate};
use crate::clock::Stopwatch;
use crate::device::DeviceChoice;
use crate::draw::Random;
use crate::error::RunError;
use crate::method::{Method, catalog};
use crate::parts::{Part, listen, mark};
use crate::train::{Adam, Learner, Place, Plan, TrainingSet, step};

/// What is timed.
#[derive(Debug, Clone, Copy)]
pub struct StepBench<'a> {
    /// The run whose step it is; its batch is the number of synthetic cases.
    pub spec: &'a RunSpec,
    /// On what.
    pub device: DeviceChoice,
    /// Threads libtorch may use; 0 leaves its own choice.
    pub threads: u32,
    /// Steps whose median counts.
    pub steps: u32,
    /// Steps before them.
    pub warmup: u32,
}

/// What was found. Times are medians over the steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepTimes {
    /// Who ran it.
    pub program: String,
    /// The method.
    pub method: String,
    /// Side of the images in pixels.
    pub size: u32,
    /// Cases a step.
    pub batch: u32,
    /// M.
    pub raters: u32,
    /// K.
    pub structures: u32,
    /// τ; 1 for methods without recurrences.
    pub recurrences: u32,
    /// Steps timed.
    pub steps: u32,
    /// Steps before them.
    pub warmup: u32,
    /// Threads libtorch used.
    pub threads: u32,
    /// Seconds.
    pub seconds_per_step: f64,
    /// Seconds of all processors together: what others on the machine take from the time does not count.
    pub cpu_seconds_per_step: f64,
    /// Seconds of a step, divided by batch and recurrences.
    pub seconds_per_image_recurrence: f64,
    /// The most physical memory the process held.
    pub peak_rss_mib: u64,
    /// Multiply-adds of the networks' products and convolutions in a step, forward and backward, from their shapes.
    pub multiply_adds: u64,
    /// Share of the step that these would take at the rate of a large matrix product, measured in this process.
    pub gemm_share: f64,
    /// Where the seconds went.
    pub breakdown: Breakdown,
}

/// Seconds of a step by part, forward and backward together where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Breakdown {
    pub data: f64,
    pub encoder_forward: f64,
    pub encoder_backward: f64,
    pub conp: f64,
    pub divp: f64,
    pub losses: f64,
    pub optimizer: f64,
    pub other: f64,
}

/// One step's seconds and multiply-adds.
struct Timed {
    seconds: f64,
    cpu_seconds: f64,
    parts: [f64; Part::COUNT],
    multiply_adds: u64,
}

impl StepBench<'_> {
    /// Runs the steps.
    ///
    /// # Errors
    /// [`RunError`] where the device is missing, the sizes do not fit the method, or a step diverges.
    pub fn run(&self) -> Result<StepTimes, RunError> {
        RunError::catching(|| self.measure())
    }

    fn measure(&self) -> Result<StepTimes, RunError> {
        let spec = self.spec;
        let device = self.device.resolve()?;
        if self.threads > 0 {
            tch::set_num_threads(self.threads as i32);
        }
        let data = TrainingSet::new(spec, &cases(spec), device)?;
        let method = catalog::build(spec, Seed(0), device);
        let plan = Plan::new(&spec.train, data.len());
        let mut adam = Adam::new(&spec.train, method.parameters());
        let mut timed = Vec::new();
        for number in 0..self.warmup + self.steps {
            let one = one_step(
                method.as_ref(),
                &mut adam,
                &data,
                (plan, u64::from(number)),
                device,
            )?;
            if number >= self.warmup {
                timed.push(one);
            }
        }
        Ok(self.report(&timed, sgemm_rate(device)))
    }

    fn report(&self, timed: &[Timed], sgemm_rate: f64) -> StepTimes {
        let spec = self.spec;
        let seconds = median(timed.iter().map(|one| one.seconds));
        let part = |part: Part| median(timed.iter().map(|one| one.parts[part as usize]));
        let multiply_adds = timed.last().map_or(0, |one| one.multiply_adds);
        let recurrences = match &spec.method {
            MethodSpec::Mrprism(method) => method.network.recurrences,
            _ => 1,
        };
        StepTimes {
            program: "mrprism".to_owned(),
            method: spec.method.kind().to_owned(),
            size: spec.size,
            batch: spec.train.batch,
            raters: spec.dataset.raters,
            structures: spec.dataset.structures.len() as u32,
            recurrences,
            steps: self.steps,
            warmup: self.warmup,
            threads: tch::get_num_threads() as u32,
            seconds_per_step: seconds,
            cpu_seconds_per_step: median(timed.iter().map(|one| one.cpu_seconds)),
            seconds_per_image_recurrence: seconds
                / f64::from(spec.train.batch)
                / f64::from(recurrences),
            peak_rss_mib: peak_rss_mib(),
            multiply_adds,
            gemm_share: multiply_adds as f64 / sgemm_rate / seconds,
            breakdown: Breakdown {
                data: part(Part::Data),
                encoder_forward: part(Part::EncoderForward),
                encoder_backward: part(Part::EncoderBackward),
                conp: part(Part::Conp),
                divp: part(Part::Divp),
                losses: part(Part::Losses),
                optimizer: part(Part::Optimizer),
                other: median(
                    timed
                        .iter()
                        .map(|one| one.seconds - one.parts.iter().sum::<f64>()),
                ),
            },
        }
    }
}

fn one_step(
    method: &dyn Method,
    adam: &mut Adam,
    data: &TrainingSet,
    (plan, number): (Plan, u64),
    device: tch::Device,
) -> Result<Timed, RunError> {
    let place = Place {
        seed: Seed(0),
        epoch: number,
        step: 0,
        plan,
    };
    let (watch, worked) = (Stopwatch::from_seconds(0.0), cpu_seconds());
    let (done, heard) = listen(device, || {
        let batch = data.batch(&data.indices(place.seed, place.epoch, place.step));
        mark(Part::Data);
        step(method as &dyn Learner, adam, &batch, place)
    });
    done?;
    Ok(Timed {
        seconds: watch.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds() - worked,
        parts: heard.seconds,
        multiply_adds: heard.multiply_adds,
    })
}

/// A batch of noise, masks as likely 1 as 0: time does not depend on what is seen.
fn cases(spec: &RunSpec) -> Vec<Case> {
    let side = spec.size as usize;
    let (raters, structures) = (spec.dataset.raters as usize, spec.dataset.structures.len());
    let image = (spec.dataset.channels as usize, side, side);
    let masks = (raters, structures, side, side);
    let case = |number: u32| {
        let name = format!("noise-{number}");
        let random = Random::named(0, &name);
        let (mut of_image, mut of_masks) = (0.., 0..);
        let next = |counter: &mut std::ops::RangeFrom<u64>, stream: u64| {
            counter
                .next()
                .map_or(0.0, |index| random.child(stream).uniform(index))
        };
        Case {
            patient: name.clone(),
            name,
            image: Array3::from_shape_simple_fn(image, || next(&mut of_image, 0) as f32),
            masks: Array4::from_shape_simple_fn(masks, || u8::from(next(&mut of_masks, 1) > 0.5)),
            label: None,
            present: vec![true; raters],
            arbitrated: None,
        }
    };
    (0..spec.train.batch).map(case).collect()
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => 0.0,
        (odd, middle) if odd % 2 == 1 => sorted[middle],
        (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-12);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < 1e-12);
    }
}
