//! What several scenarios share: golden files, the generator's tensors, and a small run's specification.

use std::path::Path;

use mrprism_model_core::draw::Random;
use mrprism_model_core::params::Parameters;
use mrprism_model_core::train::{Place, Plan};
use mrprism_protocol::spec::{
    ArbitratedKind, AugmentSpec, Confidence, ConfidenceScale, DatasetFile, DatasetForm, DatasetRef,
    DivpInput, DivpSignal, EncoderDepth, EncoderWeights, EvaluationSpec, Flip, InitialDraw,
    InitialScale, Integration, MethodSpec, Metric, MrPrismLoss, MrPrismNetwork, MrPrismSpec,
    PhantomSpec, RaterIdentity, ReferenceFamily, Residual, RunSpec, Seed, ShuffleForm,
    ShuffleGradient, ShuffleThreshold, SplitRule, Target, TrainingSpec, Update, Variant,
};
use mrprism_raters::dataset::Dataset;
use serde::Deserialize;
use tch::{Device, Kind, Tensor, no_grad};

/// Evenly spaced numbers of a tensor and its L2 norm.
#[derive(Debug, Deserialize)]
pub(crate) struct Sample {
    shape: Vec<i64>,
    norm: f64,
    every: usize,
    values: Vec<f64>,
}

/// Takes `count` numbers as the golden scripts do.
pub(crate) fn sampled(tensor: &Tensor, count: usize) -> Sample {
    let flat = tensor.detach().to_kind(Kind::Double).flatten(0, -1);
    let every = (flat.numel() / count).max(1);
    let values = Vec::<f64>::try_from(&flat)
        .unwrap()
        .into_iter()
        .step_by(every)
        .take(count)
        .collect();
    Sample {
        shape: tensor.size(),
        norm: flat.norm().double_value(&[]),
        every,
        values,
    }
}

impl Sample {
    /// Every number within `tolerance`, relative where numbers are above 1; the norm by `tolerance` of itself.
    pub(crate) fn check(&self, what: &str, found: &Tensor, tolerance: f64) {
        self.compare(
            what,
            found,
            |wanted| tolerance * wanted.abs().max(1.0),
            tolerance,
        );
    }

    /// Every number within `tolerance` of the tensor's largest one; the norm by `tolerance` of itself.
    pub(crate) fn check_relative(&self, what: &str, found: &Tensor, tolerance: f64) {
        let largest = found.abs().max().double_value(&[]);
        self.compare(what, found, |_| tolerance * largest.max(1e-6), tolerance);
    }

    fn compare(&self, what: &str, found: &Tensor, allowed: impl Fn(f64) -> f64, of_norm: f64) {
        let found = sampled(found, self.values.len());
        assert_eq!(
            (&found.shape, found.every),
            (&self.shape, self.every),
            "{what}"
        );
        for (position, (found, wanted)) in found.values.iter().zip(&self.values).enumerate() {
            let difference = (found - wanted).abs();
            assert!(
                difference <= allowed(*wanted),
                "{what}, number {position}: {found} where {wanted} is expected"
            );
        }
        let difference = (found.norm - self.norm).abs();
        assert!(
            difference <= of_norm * self.norm.max(1e-4),
            "{what}, norm: {} {}",
            found.norm,
            self.norm
        );
    }
}

/// Reads `tests/golden/<name>.json`.
pub(crate) fn golden<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Uniforms in [0, 1) by name.
pub(crate) fn uniform(name: &str, shape: &[i64]) -> Tensor {
    let count = shape.iter().product();
    Random::named(0, name)
        .uniforms(count, Device::Cpu)
        .to_kind(Kind::Float)
        .reshape(shape)
}

/// Fills parameters by their names, as `fill` in tools/golden/generator.py.
pub(crate) fn fill(parameters: &Parameters, prefix: &str) {
    for entry in parameters.iter() {
        let (name, shape) = (format!("{prefix}{}", entry.name), entry.tensor.size());
        let count: i64 = shape.iter().product();
        let u = Random::named(0, &name).uniforms(count, Device::Cpu);
        let values = if name.ends_with("running_var") {
            u + 0.5
        } else if shape.len() == 1 && name.ends_with("weight") {
            (u - 0.5) * 0.1 + 1.0
        } else if shape.len() >= 2 {
            (u * 2.0 - 1.0) * (3.0 / (count as f64 / shape[0] as f64)).sqrt()
        } else {
            (u * 2.0 - 1.0) * 0.05
        };
        no_grad(|| entry.tensor.shallow_clone().copy_(&values.reshape(&shape)));
    }
}

/// Images [b, c, s, s] and masks [b, m, k, s, s] of a named scenario.
pub(crate) fn masks_and_images(
    name: &str,
    b: i64,
    m: i64,
    k: i64,
    c: i64,
    side: i64,
) -> (Tensor, Tensor) {
    let images = uniform(&format!("{name}.x"), &[b, c, side, side]);
    let masks = uniform(&format!("{name}.z"), &[b, m, k, side, side])
        .gt(0.5)
        .to_kind(Kind::Float);
    (images, masks)
}

/// A small run: width 8, three recurrences, the paper's losses. Keeps libtorch to one thread in the calling one: tests
/// run side by side, and narrow networks gain nothing from more.
pub(crate) fn run_spec(raters: u32, structures: u32, channels: u32, size: u32) -> RunSpec {
    tch::set_num_threads(1);
    let structures = ["disc", "cup", "rim"]
        .into_iter()
        .take(structures as usize)
        .map(str::to_owned)
        .collect();
    RunSpec {
        dataset: DatasetRef {
            name: "phantom".to_owned(),
            manifest: String::new(),
            raters,
            rater_identity: RaterIdentity::Stable,
            structures,
            channels,
            crop: None,
        },
        size,
        method: MethodSpec::Mrprism(MrPrismSpec {
            network: MrPrismNetwork {
                variant: Variant::Paper,
                integration: Integration::Attentive,
                residual: Residual::Query,
                recurrences: 3,
                encoder_depth: EncoderDepth::R34,
                encoder_width: 8,
                encoder_weights: EncoderWeights::Random,
                confidence: Confidence::ShareTimesHead,
                confidence_scale: ConfidenceScale::Share,
                divp_input: DivpInput::Mask,
                divp_signal: DivpSignal::Probability,
                divp_stride: 8,
                divp_tied: false,
            },
            loss: MrPrismLoss {
                target: Target::Rater,
                shuffle: 0.3,
                shuffle_permutations: 3,
                shuffle_form: ShuffleForm::Fused,
                shuffle_threshold: ShuffleThreshold::Soft,
                shuffle_gradient: ShuffleGradient::Heads,
                multi_head: 0.0,
                ssim_window: 11,
                ssim_sigma: 1.5,
                initial_mean: [0.1, 0.9],
                initial_draw: InitialDraw::Shared,
                initial_noise: 0.2,
                initial_noise_cell: 1,
                initial_scale: InitialScale::Raw,
                compat: Vec::new(),
            },
        }),
        train: TrainingSpec {
            steps: Some(6),
            epochs: None,
            batch: 2,
            lr: 1e-3,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 0.0,
            update: Update::Step,
            augment: AugmentSpec {
                flip: Flip::None,
                rotation_degrees: 0.0,
                scale: 0.0,
                colour: 0.0,
            },
            validate_every_epochs: 1,
        },
        evaluation: EvaluationSpec {
            recurrences: 4,
            references: vec![
                ReferenceFamily::Mean,
                ReferenceFamily::Raters,
                ReferenceFamily::LeaveOneOut,
            ],
            metrics: vec![Metric::SoftDice],
            fusions: Vec::new(),
        },
    }
}

/// The parameters of a run of MrPrism.
pub(crate) fn mrprism_of(spec: &RunSpec) -> &MrPrismSpec {
    let MethodSpec::Mrprism(method) = &spec.method else {
        panic!("a run of '{}'", spec.method.kind());
    };
    method
}

/// A plan of ten steps, two an epoch.
pub(crate) const PLAN: Plan = Plan {
    steps: 10,
    steps_per_epoch: 2,
    validate_every_epochs: 1,
    report_every: 1,
};

/// Step `number` of that plan.
pub(crate) fn place(number: u64) -> Place {
    Place {
        seed: Seed(1),
        epoch: PLAN.epoch(number),
        step: number % PLAN.steps_per_epoch,
        plan: PLAN,
    }
}

/// `spec` with the option `key` of its network, loss or training set to `value`.
pub(crate) fn with_option(spec: &RunSpec, key: &str, value: serde_json::Value) -> RunSpec {
    let mut json = serde_json::to_value(spec).unwrap();
    let tables = ["/method/mrprism/network", "/method/mrprism/loss", "/train"];
    // These are written only where they are not the default.
    let unwritten = [("divp_tied", tables[0]), ("compat", tables[1])];
    let table = tables
        .into_iter()
        .find(|table| json.pointer(table).unwrap().get(key).is_some())
        .or_else(|| {
            let known = unwritten.iter().find(|(name, _)| *name == key);
            known.map(|(_, table)| *table)
        })
        .unwrap_or_else(|| panic!("there is no option '{key}'"));
    json.pointer_mut(table).unwrap()[key] = value;
    serde_json::from_value(json).unwrap()
}

/// A phantom data set of these splits; one rater a bias.
pub(crate) fn phantom(
    size: u32,
    structures: u32,
    cases: [u32; 3],
    biases: &[f64],
    jitter: f64,
) -> Dataset {
    let definition = DatasetFile {
        name: "phantom".to_owned(),
        form: DatasetForm::Phantom,
        root: None,
        image: None,
        masks: None,
        structures: ["disc", "cup"]
            .into_iter()
            .take(structures as usize)
            .map(str::to_owned)
            .collect(),
        nested: Vec::new(),
        raters: RaterIdentity::Stable,
        foreground: None,
        arbitrated: None,
        arbitrated_kind: Some(ArbitratedKind::Generator),
        patient: None,
        intensity: "minmax".to_owned(),
        orientation: None,
        crop: None,
        split: SplitRule {
            by: Some("generator".to_owned()),
            ..SplitRule::default()
        },
        split_seed: 0,
        folds: 2,
        slices: None,
        tasks: Vec::new(),
        phantom: Some(PhantomSpec {
            size,
            cases,
            biases: biases.to_vec(),
            jitter,
            noise: 0.05,
            seed: 11,
        }),
        absent: std::collections::BTreeMap::new(),
        licence: None,
        source: None,
    };
    Dataset::open(&definition, None).unwrap()
}

/// A scalar.
pub(crate) fn number(tensor: &Tensor) -> f64 {
    tensor.double_value(&[])
}

/// Two numbers that are one but for rounding.
pub(crate) fn near(what: &str, found: f64, wanted: f64) {
    assert!(
        (found - wanted).abs() < 1e-5,
        "{what}: {found} where {wanted} is expected"
    );
}
