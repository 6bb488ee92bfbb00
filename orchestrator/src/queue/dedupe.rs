//! Equal work is offered once: two cells of an experiment must not be the same run under two names.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{Cell, Fingerprint};

/// Two cells that are the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twins {
    /// The earlier arm.
    pub first: String,
    /// The later arm.
    pub second: String,
}

/// The first pair of cells with equal fingerprints, if any. `fingerprints` are those of `cells`, in order.
pub fn twins(cells: &[Cell], fingerprints: &[Fingerprint]) -> Option<Twins> {
    let mut seen = BTreeMap::new();
    cells.iter().zip(fingerprints).find_map(|(cell, print)| {
        seen.insert(print, &cell.arm).map(|first| Twins {
            first: first.clone(),
            second: cell.arm.clone(),
        })
    })
}

/// What submitting a bundle under a name that may be taken means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submission {
    /// The name is free.
    New,
    /// The same bundle is there already.
    Again,
    /// Another bundle has the name.
    NameTaken,
}

/// Compares the hash of what is there under the name, if anything, with the hash of what was submitted.
pub fn submission(there: Option<&str>, submitted: &str) -> Submission {
    match there {
        None => Submission::New,
        Some(there) if there == submitted => Submission::Again,
        Some(_) => Submission::NameTaken,
    }
}

#[cfg(test)]
mod tests {
    use super::{Submission, submission};

    #[test]
    fn the_same_bundle_is_the_same_experiment_and_another_is_refused() {
        assert_eq!(submission(None, "a"), Submission::New);
        assert_eq!(submission(Some("a"), "a"), Submission::Again);
        assert_eq!(submission(Some("b"), "a"), Submission::NameTaken);
    }
}
