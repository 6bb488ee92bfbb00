//! An experiment file with every definition it names: method files beside the study, then those built in.

use std::path::Path;

use include_dir::{Dir, include_dir};
use mrprism_protocol::spec::{
    Bundle, DatasetCard, DatasetFile, DatasetForm, MethodFile, NamedText, SpecError, parse_toml,
    resolve,
};
use mrprism_raters::dataset::Dataset;

use crate::failure::wrong_use;

static METHODS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../experiments/methods");
static DATASETS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../experiments/datasets");

/// Reads a study and what it names.
///
/// # Errors
/// Wrong use: every fault that can be told without asking a server, one a line as `file:line: key: what`.
pub(crate) fn read(study: &Path) -> anyhow::Result<Bundle> {
    let text = std::fs::read_to_string(study)
        .map_err(|error| wrong_use(format!("cannot read {}: {error}", study.display())))?;
    let mut methods = beside(study)?;
    let mut named: Vec<_> = methods.iter().filter_map(name_of).collect();
    for method in built_in(&METHODS) {
        // A method file beside the study stands before the built-in one of the same name.
        match name_of(&method) {
            Some(name) if named.contains(&name) => {}
            name => {
                named.extend(name);
                methods.push(method);
            }
        }
    }
    let bundle = Bundle {
        experiment: NamedText {
            file: study.display().to_string(),
            text,
        },
        methods,
    };
    let faults = faults(&bundle);
    if faults.is_empty() {
        return Ok(bundle);
    }
    let lines: Vec<_> = faults.iter().map(ToString::to_string).collect();
    Err(wrong_use(lines.join("\n")))
}

/// Faults that hold whatever data sets the server knows.
fn faults(bundle: &Bundle) -> Vec<SpecError> {
    match resolve(bundle, &phantoms()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults
            .into_iter()
            .filter(|fault| fault.key != "dataset")
            .collect(),
    }
}

/// Cards of the data sets that have no files: every worker holds them.
pub(crate) fn phantoms() -> Vec<DatasetCard> {
    let definitions = datasets()
        .into_iter()
        .filter(|definition| definition.form == DatasetForm::Phantom);
    definitions
        .filter_map(|definition| Some(Dataset::open(&definition, None).ok()?.card()))
        .collect()
}

/// The data sets that are built in.
pub(crate) fn datasets() -> Vec<DatasetFile> {
    let texts = built_in(&DATASETS);
    texts
        .iter()
        .filter_map(|text| parse_toml(&text.file, &text.text).ok())
        .collect()
}

/// The methods that are built in, by name.
pub(crate) fn methods() -> Vec<MethodFile> {
    let mut methods: Vec<MethodFile> = built_in(&METHODS)
        .iter()
        .filter_map(|text| parse_toml(&text.file, &text.text).ok())
        .collect();
    methods.sort_by(|a, b| a.name.cmp(&b.name));
    methods
}

/// `../methods/*.toml` as seen from the study.
fn beside(study: &Path) -> anyhow::Result<Vec<NamedText>> {
    let folder = study.parent().unwrap_or(Path::new("")).join("../methods");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Ok(Vec::new());
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    let texts = files.into_iter().map(|path| {
        let file = path.display().to_string();
        std::fs::read_to_string(&path)
            .map(|text| NamedText { file, text })
            .map_err(|error| wrong_use(format!("cannot read {}: {error}", path.display())))
    });
    texts.collect()
}

fn built_in(folder: &Dir<'static>) -> Vec<NamedText> {
    let files = folder.files().filter_map(|file| {
        Some(NamedText {
            file: format!("(built in) {}", file.path().display()),
            text: file.contents_utf8()?.to_owned(),
        })
    });
    files.collect()
}

fn name_of(method: &NamedText) -> Option<String> {
    parse_toml::<MethodFile>(&method.file, &method.text)
        .ok()
        .map(|method| method.name)
}

#[cfg(test)]
mod tests {
    use super::read;

    const STUDY: &str = include_str!("../tests/fixtures/study.toml");
    const METHOD: &str = include_str!("../../experiments/methods/mrprism.toml");

    #[test]
    fn a_method_beside_the_study_stands_before_the_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let study = folder.path().join("studies/one.toml");
        for name in ["studies", "methods"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(&study, STUDY).unwrap();
        let built_in = read(&study).unwrap();
        let of_mrprism = |bundle: &mrprism_protocol::spec::Bundle| {
            let mut files = bundle
                .methods
                .iter()
                .filter(|method| super::name_of(method).is_some_and(|name| name == "mrprism"));
            let file = files.next().unwrap().file.clone();
            assert!(files.next().is_none(), "a method stands twice");
            file
        };
        assert!(of_mrprism(&built_in).starts_with("(built in)"));

        std::fs::write(folder.path().join("methods/mine.toml"), METHOD).unwrap();
        let beside = read(&study).unwrap();
        assert_eq!(beside.methods.len(), built_in.methods.len());
        assert!(of_mrprism(&beside).ends_with("methods/mine.toml"));
    }

    #[test]
    fn an_unknown_data_set_is_the_servers_to_refuse() {
        let folder = tempfile::tempdir().unwrap();
        let study = folder.path().join("one.toml");
        std::fs::write(&study, STUDY.replace("\"phantom\"", "\"mine\"")).unwrap();
        assert!(read(&study).is_ok());
        std::fs::write(&study, STUDY.replace("lr = 1e-3", "lr = 0.0")).unwrap();
        let error = read(&study).unwrap_err().to_string();
        assert!(error.contains("one.toml:18: `train.lr`:"), "{error}");
    }
}
