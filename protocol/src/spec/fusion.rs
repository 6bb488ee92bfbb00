//! How raters' masks are joined into one without a network.

use crate::spelled::spelled_enum;

spelled_enum! {
    /// A model-free fusion. What each does, its source and its options stand in the catalog of the crate `raters`.
    FusionKind {
        /// The mean of the masks: soft.
        Mean = "mean",
        /// Pixels that more than half of the raters mark: hard, ties to background.
        Majority = "majority",
        /// Each rater's sensitivity and specificity and the hidden mask, estimated together: soft.
        Staple = "staple",
        /// As STAPLE, with the share of foreground estimated too: soft.
        DawidSkene = "dawid_skene",
        /// Dawid–Skene over all cases at once: one sensitivity and specificity a rater, a share of foreground a case: soft.
        DawidSkeneShared = "dawid_skene_shared",
        /// A majority weighted by performance, from which poor raters are dropped again and again: soft.
        Simple = "simple",
        /// Where the mean signed distance to the raters' outlines is positive: hard.
        ShapeAverage = "shape_average",
    }
}
