//! Experiments and data sets to submit.

use mrprism_protocol::spec::{Bundle, DatasetCard, NamedText, RaterIdentity};

/// An experiment of one arm on the phantom, with seeds 0 to `seeds` − 1.
pub(crate) fn bundle(name: &str, seeds: u64) -> Bundle {
    bundle_on("phantom", name, seeds, "")
}

/// The same on another data set, with more text behind it.
pub(crate) fn bundle_on(dataset: &str, name: &str, seeds: u64, more: &str) -> Bundle {
    let seeds: Vec<_> = (0..seeds).collect();
    Bundle {
        experiment: NamedText {
            file: format!("{name}.toml"),
            text: format!(
                "name = \"{name}\"\nquestion = \"Is it so?\"\nseeds = {seeds:?}\n[base]\ndataset = \"{dataset}\"\nmethod = \"mrprism\"\nsize = 64\n{more}"
            ),
        },
        methods: vec![NamedText {
            file: "mrprism.toml".to_owned(),
            text: include_str!("../../../../experiments/methods/mrprism.toml").to_owned(),
        }],
    }
}

/// The card of a data set called `name`.
pub(crate) fn phantom(name: &str, manifest: &str) -> DatasetCard {
    DatasetCard {
        name: name.to_owned(),
        manifest: manifest.to_owned(),
        raters: 3,
        rater_identity: RaterIdentity::Stable,
        structures: vec!["disc".to_owned(), "cup".to_owned()],
        channels: 1,
        arbitrated: None,
        diagnoses: false,
        cases: [("train".to_owned(), 8), ("test".to_owned(), 2)].into(),
        folds: 5,
        crop: None,
        licence: None,
        source: None,
    }
}
