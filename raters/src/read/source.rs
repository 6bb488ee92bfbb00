//! Where one mask comes from: a file, and which of its pixels are the structure.

use std::path::PathBuf;

use mrprism_protocol::spec::Foreground;

/// One structure's mask of one rater. A file may hold several structures: then several sources name it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MaskSource {
    /// Relative to the data set's folder.
    pub(crate) path: PathBuf,
    /// Which pixels are marked.
    pub(crate) marked: Marked,
}

/// Which pixels of a file are marked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Marked {
    /// Those of the definition's `foreground`; without that, anything but 0.
    AsDefined,
    /// Those of this rule, which the layout prescribes.
    Where(Foreground),
    /// Those further from the background than this share of the value range. The picture's corners show whether the
    /// background is its darkest or its brightest value.
    OffCorners(f32),
    /// Those with one of these labels; a label that is not among `known` is refused.
    Labelled {
        /// The structure's labels.
        labels: &'static [f32],
        /// Every label that the layout has, background included.
        known: &'static [f32],
    },
    /// Those inside a contour that was drawn over a copy of the picture `clean`.
    Inside {
        /// Which of the two nested contours.
        contour: Contour,
        /// The same picture without contours, relative to the data set's folder.
        clean: PathBuf,
    },
}

/// One of two nested contours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contour {
    /// The one that holds the other.
    Outer,
    /// The one within.
    Inner,
}
