//! From tensors to a stored prediction in fixed point.

use mrprism_raters::prediction::{StoredPrediction, to_fixed};
use ndarray::{Array4, Array5};
use tch::{Device, Kind, Tensor};

use super::Predicted;
use crate::error::RunError;

/// The prediction of the batch's case number `index`, called `case`.
///
/// # Errors
/// [`RunError::Internal`] where the tensors do not have the shapes that [`Predicted`] says.
pub fn stored(case: &str, predicted: &Predicted, index: i64) -> Result<StoredPrediction, RunError> {
    let prediction = Fixed::of(&predicted.prediction.select(1, index))?;
    let heads = Fixed::of(&predicted.heads.select(1, index))?;
    let confidences = Fixed::of(&predicted.confidences.select(1, index))?;
    Ok(StoredPrediction {
        case: case.to_owned(),
        prediction: prediction.four()?,
        heads: heads.five()?,
        confidences: confidences.five()?,
        hypotheses: Fixed::of(&predicted.hypotheses.select(1, index))?.four()?,
    })
}

struct Fixed {
    shape: Vec<usize>,
    numbers: Vec<u16>,
}

impl Fixed {
    fn of(tensor: &Tensor) -> Result<Self, RunError> {
        let shape = tensor.size().iter().map(|side| *side as usize).collect();
        let flat = tensor
            .to_device(Device::Cpu)
            .to_kind(Kind::Float)
            .contiguous()
            .flatten(0, -1);
        let values = Vec::<f32>::try_from(flat).map_err(internal)?;
        Ok(Self {
            shape,
            numbers: values.into_iter().map(to_fixed).collect(),
        })
    }

    fn four(self) -> Result<Array4<u16>, RunError> {
        let shape: [usize; 4] = self
            .shape
            .try_into()
            .map_err(|shape| internal(format!("{shape:?}")))?;
        Array4::from_shape_vec(shape, self.numbers).map_err(internal)
    }

    fn five(self) -> Result<Array5<u16>, RunError> {
        let shape: [usize; 5] = self
            .shape
            .try_into()
            .map_err(|shape| internal(format!("{shape:?}")))?;
        Array5::from_shape_vec(shape, self.numbers).map_err(internal)
    }
}

fn internal(error: impl std::fmt::Display) -> RunError {
    RunError::Internal(format!("a prediction has a strange shape: {error}"))
}
