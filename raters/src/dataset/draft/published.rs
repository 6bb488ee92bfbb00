//! Published layouts that have a form of their own: recognised by a few file names, and told.

use std::collections::BTreeSet;
use std::path::Path;

use mrprism_protocol::spec::DatasetForm;
use regex::Regex;

use super::Draft;
use super::text::quoted;
use crate::DataError;

/// A layout, how it is known, and the lines that say it.
struct Published {
    form: &'static str,
    /// A file name, below the data set's folder, that only this layout has.
    known_by: &'static str,
    lines: &'static [&'static str],
}

const PUBLISHED: [Published; 5] = [
    Published {
        form: "lidc",
        known_by: r"^LIDC-IDRI-[0-9]+/[^/]+/mask-[0-9]/[^/]+\.png$",
        lines: &[
            "structures = [\"nodule\"]",
            "raters = \"exchangeable\"",
            "intensity = \"minmax\"",
            "split = { fractions = [0.7, 0.1, 0.2] }",
        ],
    },
    Published {
        form: "refuge-cropped",
        known_by: r"_seg_(disc|cup)_c_[0-9]+\.png$",
        lines: FUNDUS,
    },
    Published {
        form: "refuge",
        known_by: r"^(Training|Validation|Test)-400/[^/]+/[^/]+_seg_(disc|cup)_[0-9]+\.png$",
        lines: FUNDUS,
    },
    Published {
        form: "riga",
        known_by: r"Glaucoma_multirater_[A-Za-z]+\.csv$",
        lines: FUNDUS,
    },
    Published {
        form: "riga-contours",
        known_by: r"^(MESSIDOR|BinRushed|Magrabia)/(.*/)?[Ii]mage[0-9]+prime\.(tif|jpg)$",
        lines: FUNDUS,
    },
];

const FUNDUS: &[&str] = &[
    "structures = [\"disc\", \"cup\"]",
    "nested = [\"disc\", \"cup\"]",
    "raters = \"stable\"",
    "intensity = \"rgb\"",
    "split = { by = \"folder\" }",
];

/// The draft of a published layout; nothing where none is recognised.
///
/// # Errors
/// A layout that this version has no form for.
pub(super) fn recognised(
    name: &str,
    files: &[String],
    root: &Path,
) -> Result<Option<Draft>, DataError> {
    if let Some(draft) = qubiq(name, files, root)? {
        return Ok(Some(draft));
    }
    for published in &PUBLISHED {
        let matches = Regex::new(published.known_by)
            .is_ok_and(|pattern| files.iter().any(|file| pattern.is_match(file)));
        if !matches {
            continue;
        }
        if published.form.parse::<DatasetForm>().is_err() {
            return Err(DataError::NoCases {
                root: root.to_path_buf(),
                looked_for: format!(
                    "its files lie as in the published set '{}', which this version cannot read",
                    published.form
                ),
            });
        }
        let question = format!(
            "the files lie as in the published set '{0}', so form = \"{0}\" finds them: is it that set?",
            published.form
        );
        let lines = published.lines.join("\n");
        return Ok(Some(Draft {
            text: format!(
                "# Drafted by `mrprism data init`.\nname = {}\nform = \"{}\"  # ? {question}\n{lines}\n",
                quoted(name),
                published.form
            ),
            questions: vec![question],
        }));
    }
    Ok(None)
}

/// QUBIQ: `Training/caseNN/taskTT_segRR.nii.gz`.
fn qubiq(name: &str, files: &[String], root: &Path) -> Result<Option<Draft>, DataError> {
    let Ok(pattern) = Regex::new(
        r"^(?P<above>.*/)?(?P<folder>Training|Validation)/case[0-9]+/task(?P<task>[0-9]{2})_seg[0-9]+\.nii\.gz$",
    ) else {
        return Ok(None);
    };
    let found: Vec<_> = files
        .iter()
        .filter_map(|file| pattern.captures(file))
        .collect();
    let Some(first) = found.first() else {
        return Ok(None);
    };
    if let Some(above) = first.name("above") {
        return Err(DataError::NoCases {
            root: root.to_path_buf(),
            looked_for: format!(
                "QUBIQ's layout lies further down: name the folder {}",
                root.join(above.as_str()).display()
            ),
        });
    }
    let tasks: BTreeSet<_> = found.iter().map(|parts| &parts["task"]).collect();
    let tasks: Vec<_> = tasks.into_iter().collect();
    let both = ["Training", "Validation"]
        .iter()
        .all(|folder| found.iter().any(|parts| &parts["folder"] == *folder));
    let list = |word: &str| {
        let words: Vec<_> = tasks
            .iter()
            .map(|task| format!("\"{word}{task}\""))
            .collect();
        words.join(", ")
    };
    let split = if both {
        (
            "by = \"folder\"",
            "Validation/ becomes the test split and nothing is left for validation: name cases instead? { test = [..], validation = [..] }",
        )
    } else {
        (
            "fractions = [0.7, 0.1, 0.2]",
            "is there an official split? Then name its cases: { test = [..], validation = [..] }",
        )
    };
    let structure = "what does each task segment? Give the names in the tasks' order";
    let intensity = "MRI: percentiles; kidney CT: \"ct:-400:800\"?";
    let text = format!(
        "# Drafted by `mrprism data init`: the QUBIQ challenge's layout.\n\
         name = {}\n\
         form = \"qubiq\"\n\
         structures = [{}]  # ? {structure}\n\
         tasks = [{}]\n\
         raters = \"stable\"\n\
         intensity = \"percentile:1:99\"  # ? {intensity}\n\
         split = {{ {} }}  # ? {}\n\
         split_seed = 0\n\
         folds = 5\n",
        quoted(name),
        list("task"),
        list(""),
        split.0,
        split.1
    );
    let questions = [structure, intensity, split.1];
    Ok(Some(Draft {
        text,
        questions: questions.map(str::to_owned).to_vec(),
    }))
}
