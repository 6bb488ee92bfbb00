//! What tests of experiment files share.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{Bundle, DatasetCard, NamedText, RaterIdentity};

/// The card of a data set of disc and cup by five raters.
pub(crate) fn card(name: &str) -> DatasetCard {
    DatasetCard {
        name: name.into(),
        manifest: "0123".into(),
        raters: 5,
        rater_identity: RaterIdentity::Stable,
        structures: vec!["disc".into(), "cup".into()],
        channels: 1,
        arbitrated: None,
        diagnoses: false,
        cases: BTreeMap::from([("train".into(), 48)]),
        folds: 5,
        crop: None,
        licence: None,
        source: None,
    }
}

/// An experiment file with method files beside it: (name, text) each.
pub(crate) fn bundle(file: &str, text: &str, methods: &[(&str, &str)]) -> Bundle {
    let named = |file: &str, text: &str| NamedText {
        file: file.into(),
        text: text.into(),
    };
    Bundle {
        experiment: named(file, text),
        methods: methods
            .iter()
            .map(|(file, text)| named(file, text))
            .collect(),
    }
}
