//! What a method has learned of a rater once it is trained: the numbers its tables show beside the scores.

use tch::{Kind, Tensor};

/// One number about one rater and structure, over all cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// What it is, in the field's words: `sensitivity`, `specificity`, `weight`, `confusion_01` (marked by the rater where
    /// the truth is background), …
    pub name: &'static str,
    /// The rater, from 0.
    pub rater: usize,
    /// The structure, from 0.
    pub structure: usize,
    /// The number.
    pub value: f64,
}

/// The numbers of a tensor \[m, k\], named alike.
pub(super) fn by_rater(name: &'static str, numbers: &Tensor) -> Vec<Learned> {
    let structures = numbers.size()[1].max(1) as usize;
    let flat = numbers.to_kind(Kind::Double).contiguous().flatten(0, -1);
    let values: Vec<f64> = flat.try_into().unwrap_or_default();
    values
        .into_iter()
        .enumerate()
        .map(|(at, value)| Learned {
            name,
            rater: at / structures,
            structure: at % structures,
            value,
        })
        .collect()
}
