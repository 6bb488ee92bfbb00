//! The name of a split, which layouts say and data sets decide.

/// One of the three splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SplitName {
    /// Fits the network.
    Train,
    /// Chooses among its states.
    Validation,
    /// Is reported.
    Test,
}

impl SplitName {
    /// All three, in the order of `fractions` and of a phantom's `cases`.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// As in a data set's card.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}
