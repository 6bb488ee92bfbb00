//! The training split on the device, and the batches of an epoch.
//!
//! n cases, b batch, c channels, m raters, k structures, s side.

use mrprism_protocol::spec::{AugmentSpec, RunSpec, Seed};
use mrprism_raters::case::Case;
use tch::{Device, Kind, Tensor};

use crate::augment::augment;
use crate::draw::Random;
use crate::error::RunError;

/// Which raters marked which case.
#[derive(Debug)]
pub struct Presence {
    /// b times m.
    pub raters: Vec<Vec<bool>>,
    /// The same as 0 and 1, \[b, m, 1, 1, 1\]; none where everyone marked everything.
    pub weights: Option<Tensor>,
}

impl Presence {
    /// From one row a case.
    pub fn new(raters: Vec<Vec<bool>>, device: Device) -> Self {
        let weights = raters.iter().flatten().any(|present| !present).then(|| {
            let flags: Vec<f32> = raters
                .iter()
                .flatten()
                .map(|present| f32::from(u8::from(*present)))
                .collect();
            Tensor::from_slice(&flags)
                .to_device(device)
                .reshape([raters.len() as i64, -1, 1, 1, 1])
        });
        Self { raters, weights }
    }
}

/// One of a batch, beside its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its position in the training split; none of what is not trained on.
    pub case: Option<usize>,
    /// Whether the case is ill, where that is known.
    pub ill: Option<bool>,
}

/// What one step sees.
#[derive(Debug)]
pub struct Batch {
    /// Who is in it, b; nobody where tensors are all there is to know.
    pub members: Vec<Member>,
    /// \[b, c, s, s\], in 0 to 1.
    pub images: Tensor,
    /// \[b, m, k, s, s\], 0 or 1, f32.
    pub masks: Tensor,
    /// Who marked what.
    pub present: Presence,
}

/// The whole training split, device-resident: the loop copies no image from the host.
#[derive(Debug)]
pub struct TrainingSet {
    images: Tensor,
    masks: Tensor,
    present: Vec<Vec<bool>>,
    ill: Vec<Option<bool>>,
    batch: usize,
    augment: AugmentSpec,
}

impl TrainingSet {
    /// Puts `cases` on `device`, masks as bytes.
    ///
    /// # Errors
    /// [`RunError::Unusable`] where there is no case, a case is not as the specification says, or batches are too small
    /// for batch norm.
    pub fn new(spec: &RunSpec, cases: &[Case], device: Device) -> Result<Self, RunError> {
        if cases.is_empty() {
            return Err(RunError::Unusable(format!(
                "the training split of '{}' is empty: look at its split rule",
                spec.dataset.name
            )));
        }
        for case in cases {
            check(spec, case)?;
        }
        refuse_too_small(spec, cases.len())?;
        let images: Vec<Tensor> = cases.iter().map(|case| image(case, Device::Cpu)).collect();
        let masks: Vec<Tensor> = cases.iter().map(masks).collect();
        Ok(Self {
            images: Tensor::cat(&images, 0).to_device(device),
            masks: Tensor::stack(&masks, 0).to_device(device),
            present: cases.iter().map(|case| case.present.clone()).collect(),
            ill: cases.iter().map(ill).collect(),
            batch: (spec.train.batch as usize).min(cases.len()),
            augment: spec.train.augment.clone(),
        })
    }

    /// Number of cases.
    pub fn len(&self) -> usize {
        self.present.len()
    }

    /// Whether any case's diagnosis is known.
    pub fn has_diagnoses(&self) -> bool {
        self.ill.iter().any(Option::is_some)
    }

    /// Whether there is no case; never, once made.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// The cases of step `step` of `epoch`: the epoch's order is drawn once, and its remainder left out.
    pub fn indices(&self, seed: Seed, epoch: u64, step: u64) -> Vec<usize> {
        let order = Random::new(seed.draw("order", epoch, 0)).permutation(self.len());
        order
            .into_iter()
            .skip(step as usize * self.batch)
            .take(self.batch)
            .collect()
    }

    /// What step `step` of `epoch` sees: its cases, augmented by draws of that place.
    pub fn at(&self, seed: Seed, epoch: u64, step: u64) -> Batch {
        let Batch {
            members,
            images,
            masks,
            present,
        } = self.batch(&self.indices(seed, epoch, step));
        let random = Random::new(seed.draw("augment", epoch, step));
        let weights = present.weights.as_ref();
        let (images, masks) = augment(&self.augment, random, images, masks, weights);
        Batch {
            members,
            images,
            masks,
            present,
        }
    }

    /// The batch of these cases, as they are.
    pub fn batch(&self, indices: &[usize]) -> Batch {
        let device = self.images.device();
        let index: Vec<i64> = indices.iter().map(|index| *index as i64).collect();
        let index = Tensor::from_slice(&index).to_device(device);
        let present = indices
            .iter()
            .map(|index| self.present[*index].clone())
            .collect();
        let members = indices.iter().map(|case| Member {
            case: Some(*case),
            ill: self.ill[*case],
        });
        Batch {
            members: members.collect(),
            images: self.images.index_select(0, &index),
            masks: self.masks.index_select(0, &index).to_kind(Kind::Float),
            present: Presence::new(present, device),
        }
    }
}

impl Batch {
    /// One case that is not trained on, as if only the raters `present` had marked it.
    pub fn of_case(case: &Case, present: Vec<bool>, device: Device) -> Self {
        Self {
            members: vec![Member {
                case: None,
                ill: ill(case),
            }],
            images: image(case, device),
            masks: masks(case)
                .unsqueeze(0)
                .to_device(device)
                .to_kind(Kind::Float),
            present: Presence::new(vec![present], device),
        }
    }
}

/// Whether the case is ill, where that is known.
fn ill(case: &Case) -> Option<bool> {
    case.label.map(|label| label > 0)
}

/// Batch norm needs more than one number a channel, and an encoder's last map has (size / 32)² a case.
fn refuse_too_small(spec: &RunSpec, cases: usize) -> Result<(), RunError> {
    let numbers = (spec.size / 32).pow(2) as usize * cases.min(spec.train.batch as usize);
    if numbers > 1 {
        return Ok(());
    }
    Err(RunError::Unusable(format!(
        "one case a step at size {} leaves batch norm one number a channel: give train.batch 2 or more, or size 64",
        spec.size
    )))
}

/// A case's image as a batch of one. Shapes: → \[1, c, s, s\]
pub fn image(case: &Case, device: Device) -> Tensor {
    let (c, h, w) = case.image.dim();
    let numbers: Vec<f32> = case.image.iter().copied().collect();
    Tensor::from_slice(&numbers)
        .reshape([1, c as i64, h as i64, w as i64])
        .to_device(device)
}

/// Shapes: → \[m, k, s, s\], bytes
fn masks(case: &Case) -> Tensor {
    let (m, k, h, w) = case.masks.dim();
    let numbers: Vec<u8> = case.masks.iter().copied().collect();
    Tensor::from_slice(&numbers).reshape([m as i64, k as i64, h as i64, w as i64])
}

/// Refuses a case that the network was not built for.
pub fn check(spec: &RunSpec, case: &Case) -> Result<(), RunError> {
    let side = spec.size as usize;
    let image = (spec.dataset.channels as usize, side, side);
    let masks = (
        spec.dataset.raters as usize,
        spec.dataset.structures.len(),
        side,
        side,
    );
    let refuse = |found: String, wanted: String| {
        Err(RunError::Unusable(format!(
            "case '{}' of '{}' has {found} where the run's specification says {wanted}: register the data set again and \
             submit anew",
            case.name, spec.dataset.name
        )))
    };
    if case.image.dim() != image {
        return refuse(
            format!("an image of {:?}", case.image.dim()),
            format!("{image:?} (channels, rows, columns)"),
        );
    }
    if case.masks.dim() != masks || case.present.len() != masks.0 {
        return refuse(
            format!("masks of {:?}", case.masks.dim()),
            format!("{masks:?} (raters, structures, rows, columns)"),
        );
    }
    if !case.present.contains(&true) {
        return refuse("no rater".to_owned(), "at least one".to_owned());
    }
    Ok(())
}
