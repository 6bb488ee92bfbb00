//! Values that parse but make no sense. Each fault names its dotted key and what is allowed.

use std::fmt::Display;

use super::{
    AugmentSpec, FusionKind, LabelFusion, MethodSpec, RaterIdentity, RunSpec, TrainingSpec, Update,
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
    faults.each_once("evaluation.fusions", &spec.evaluation.fusions);
    fusions(spec, &mut faults);
    spec.method.check(spec.size, &mut faults);
    faults.refuse_unless(
        !spec.method.needs_diagnoses() || spec.train.augment.is_nothing(),
        "train.augment",
        || {
            format!(
                "a method of kind '{}' joins each training image's masks once, as they are: leave augmentation off",
                spec.method.kind()
            )
        },
    );
    let recurs = matches!(spec.method, MethodSpec::Mrprism(_));
    faults.refuse_unless(
        recurs || spec.train.update == Update::Step,
        "train.update",
        || {
            format!(
                "'recurrence' moves after each recurrence, and a method of kind '{}' has none: give 'step'",
                spec.method.kind()
            )
        },
    );
    faults.0
}

/// Faults as they are found.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault unless `holds`.
    pub(super) fn refuse_unless(
        &mut self,
        holds: bool,
        key: &'static str,
        message: impl FnOnce() -> String,
    ) {
        if !holds {
            self.0.push((key, message()));
        }
    }

    /// A name listed twice would be scored twice into one row of the table.
    pub(super) fn each_once<T: PartialEq + Display>(&mut self, key: &'static str, listed: &[T]) {
        let repeated = listed
            .iter()
            .enumerate()
            .find(|(at, value)| listed[..*at].contains(value));
        if let Some((_, value)) = repeated {
            self.0
                .push((key, format!("'{value}' is listed twice: name it once")));
        }
    }

    /// Notes a fault unless `value` can weigh a term.
    pub(super) fn weight(&mut self, key: &'static str, value: f64) {
        self.refuse_unless(value.is_finite() && value >= 0.0, key, || {
            format!("{value} is no weight: give a number of 0 or more")
        });
    }
}

fn fusions(spec: &RunSpec, faults: &mut Faults) {
    let fusions = &spec.evaluation.fusions;
    let shared = LabelFusion::Free(FusionKind::DawidSkeneShared);
    faults.refuse_unless(
        spec.dataset.rater_identity == RaterIdentity::Stable
            || !fusions.contains(&shared),
        "evaluation.fusions",
        || {
            format!(
                "'{shared}' needs stable raters, and those of '{}' are exchangeable: a slot's rates over several cases are nobody's",
                spec.dataset.name
            )
        },
    );
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
