//! What a method has learned of a rater once it is trained: the numbers its tables show beside the scores.

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
