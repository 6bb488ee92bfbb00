//! Values that parse but make no sense. Each fault names its dotted key and what is allowed.

use std::fmt::Display;

use super::{
    AugmentSpec, Confidence, ConfidenceScale, MethodSpec, MrPrismLoss, MrPrismNetwork, RunSpec,
    TrainingSpec,
};

/// Dotted key and what is wrong with its value.
pub(super) type Fault = (&'static str, String);

/// Every fault of a run specification.
pub(super) fn faults(spec: &RunSpec) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.refuse_unless(
        (32..=4096).contains(&spec.size) && spec.size.is_multiple_of(32),
        "size",
        || {
            format!(
                "{} is no side that the network can take: give a multiple of 32 from 32 to 4096",
                spec.size
            )
        },
    );
    train(&spec.train, &mut faults);
    faults.refuse_unless(
        (1..=16).contains(&spec.evaluation.recurrences),
        "evaluation.recurrences",
        || {
            format!(
                "{}: give 1 to 16 passes (4 give Rec0 to Rec3)",
                spec.evaluation.recurrences
            )
        },
    );
    faults.refuse_unless(
        !spec.evaluation.references.is_empty(),
        "evaluation.references",
        || "an empty list scores nothing: give at least one, e.g. [\"mean\"]".to_owned(),
    );
    faults.refuse_unless(
        !spec.evaluation.metrics.is_empty(),
        "evaluation.metrics",
        || "an empty list scores nothing: give at least one, e.g. [\"soft_dice\"]".to_owned(),
    );
    faults.each_once("evaluation.references", &spec.evaluation.references);
    faults.each_once("evaluation.metrics", &spec.evaluation.metrics);
    match &spec.method {
        MethodSpec::Mrprism(method) => {
            network(&method.network, spec.size, &mut faults);
            loss(&method.loss, spec.size, &mut faults);
        }
    }
    faults.0
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn refuse_unless(&mut self, holds: bool, key: &'static str, message: impl FnOnce() -> String) {
        if !holds {
            self.0.push((key, message()));
        }
    }

    /// A name listed twice would be scored twice into one row of the table.
    fn each_once<T: PartialEq + Display>(&mut self, key: &'static str, listed: &[T]) {
        let repeated = listed
            .iter()
            .enumerate()
            .find(|(at, value)| listed[..*at].contains(value));
        if let Some((_, value)) = repeated {
            self.0
                .push((key, format!("'{value}' is listed twice: name it once")));
        }
    }

    fn weight(&mut self, key: &'static str, value: f64) {
        self.refuse_unless(value.is_finite() && value >= 0.0, key, || {
            format!("{value} is no weight: give a number of 0 or more")
        });
    }
}

fn train(train: &TrainingSpec, faults: &mut Faults) {
    match (train.steps, train.epochs) {
        (Some(steps), None) => faults.refuse_unless(steps > 0, "train.steps", || {
            "0 steps train nothing".to_owned()
        }),
        (None, Some(epochs)) => {
            faults.refuse_unless(epochs > 0, "train.epochs", || {
                "0 epochs train nothing".to_owned()
            });
        }
        _ => faults.refuse_unless(false, "train", || {
            "give either `steps` or `epochs`, not both".to_owned()
        }),
    }
    faults.refuse_unless((1..=4096).contains(&train.batch), "train.batch", || {
        format!("{}: give 1 to 4096 cases a step", train.batch)
    });
    faults.refuse_unless(train.lr.is_finite() && train.lr > 0.0, "train.lr", || {
        format!(
            "{} is no learning rate: give a number above 0, e.g. 1e-4",
            train.lr
        )
    });
    faults.refuse_unless(
        train.betas.iter().all(|beta| (0.0..1.0).contains(beta)),
        "train.betas",
        || format!("{:?}: both must be at least 0 and below 1", train.betas),
    );
    faults.refuse_unless(
        train.eps.is_finite() && train.eps > 0.0,
        "train.eps",
        || format!("{}: give a number above 0, e.g. 1e-8", train.eps),
    );
    faults.weight("train.weight_decay", train.weight_decay);
    faults.refuse_unless(
        train.validate_every_epochs > 0,
        "train.validate_every_epochs",
        || "0: give 1 or more epochs".to_owned(),
    );
    augment(&train.augment, faults);
}

fn augment(augment: &AugmentSpec, faults: &mut Faults) {
    faults.refuse_unless(
        (0.0..=180.0).contains(&augment.rotation_degrees),
        "train.augment.rotation_degrees",
        || {
            format!(
                "{}: give the largest angle, 0 to 180",
                augment.rotation_degrees
            )
        },
    );
    faults.refuse_unless(
        (0.0..=0.5).contains(&augment.scale),
        "train.augment.scale",
        || {
            format!(
                "{}: give the largest relative change, 0 to 0.5 (0.1: sizes of 0.9 to 1.1)",
                augment.scale
            )
        },
    );
    faults.refuse_unless(
        (0.0..=1.0).contains(&augment.colour),
        "train.augment.colour",
        || {
            format!(
                "{}: give the largest change of contrast and brightness, 0 to 1",
                augment.colour
            )
        },
    );
}

fn network(network: &MrPrismNetwork, size: u32, faults: &mut Faults) {
    faults.refuse_unless(
        (1..=6).contains(&network.recurrences),
        "network.recurrences",
        || format!("{}: give 1 to 6 (the paper: 3)", network.recurrences),
    );
    faults.refuse_unless(
        network.encoder_width.is_multiple_of(8) && (8..=256).contains(&network.encoder_width),
        "network.encoder_width",
        || {
            format!(
                "{}: give a multiple of 8 from 8 to 256 (ResNet: 64)",
                network.encoder_width
            )
        },
    );
    faults.refuse_unless(
        [4, 8].contains(&network.divp_stride) && size.is_multiple_of(network.divp_stride),
        "network.divp_stride",
        || {
            format!(
                "{}: give 8 (a grid of 32 for 256 pixels) or 4",
                network.divp_stride
            )
        },
    );
    faults.refuse_unless(
        network.confidence_scale == ConfidenceScale::Share
            || matches!(
                network.confidence,
                Confidence::Share | Confidence::ShareTimesHead
            ),
        "network.confidence_scale",
        || {
            format!(
                "'{}' scales shares, and network.confidence = '{}' sends none: give 'share', or a confidence of \
                 'share' or 'share_times_head'",
                network.confidence_scale, network.confidence
            )
        },
    );
}

fn loss(loss: &MrPrismLoss, size: u32, faults: &mut Faults) {
    faults.weight("loss.shuffle", loss.shuffle);
    faults.weight("loss.multi_head", loss.multi_head);
    faults.refuse_unless(
        (1..=64).contains(&loss.shuffle_permutations),
        "loss.shuffle_permutations",
        || format!("{}: give 1 to 64 (the paper: 3)", loss.shuffle_permutations),
    );
    faults.refuse_unless(
        loss.ssim_window % 2 == 1 && (3..=31).contains(&loss.ssim_window),
        "loss.ssim_window",
        || format!("{}: give an odd side from 3 to 31", loss.ssim_window),
    );
    faults.refuse_unless(
        loss.ssim_sigma.is_finite() && loss.ssim_sigma > 0.0,
        "loss.ssim_sigma",
        || format!("{}: give a number above 0", loss.ssim_sigma),
    );
    let [low, high] = loss.initial_mean;
    faults.refuse_unless(
        0.0 <= low && low <= high && high <= 1.0,
        "loss.initial_mean",
        || format!("[{low}, {high}]: give a range inside 0 to 1, smaller number first"),
    );
    faults.weight("loss.initial_noise", loss.initial_noise);
    faults.refuse_unless(
        loss.initial_noise_cell > 0 && size.is_multiple_of(loss.initial_noise_cell),
        "loss.initial_noise_cell",
        || {
            format!(
                "{}: give a side in pixels that divides the size {size}, e.g. 1 (the paper) or 8",
                loss.initial_noise_cell
            )
        },
    );
}
