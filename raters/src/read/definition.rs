//! Reading a definition and refusing one that makes no sense, before any file is looked at.

use std::path::Path;

use mrprism_protocol::spec::{
    ArbitratedKind, DatasetFile, DatasetForm, Foreground, RaterIdentity, SliceRule, parse_toml,
};
use regex::Regex;

use super::{Crop, Intensity, published};
use crate::DataError;

/// Reads `dataset.toml`: `path` is the file itself or the folder it lies in. Strict: an unknown key is refused with file and line.
///
/// # Errors
/// No such file, broken TOML, an unknown key, a wrong type, or values that contradict each other.
pub fn parse_definition(path: &Path) -> Result<DatasetFile, DataError> {
    let file = if path.is_dir() {
        path.join("dataset.toml")
    } else {
        path.to_path_buf()
    };
    let text = std::fs::read_to_string(&file).map_err(DataError::file("read", &file))?;
    let definition: DatasetFile = parse_toml(&file.display().to_string(), &text)?;
    check_definition(&definition)?;
    Ok(definition)
}

/// Refuses values that make no sense whatever the files say.
pub(crate) fn check_definition(definition: &DatasetFile) -> Result<(), DataError> {
    let fault = first_fault(definition);
    fault.map_or(Ok(()), |(key, message)| {
        Err(DataError::Key {
            dataset: definition.name.clone(),
            key,
            message,
        })
    })
}

/// The compiled `patient` rule, if there is one. Its definition has been checked.
pub(crate) fn patient_pattern(definition: &DatasetFile) -> Option<Regex> {
    definition
        .patient
        .as_deref()
        .and_then(|text| Regex::new(text).ok())
}

type Fault = (&'static str, String);

fn first_fault(definition: &DatasetFile) -> Option<Fault> {
    named(definition)
        .or_else(|| structures(definition))
        .or_else(|| rules(definition))
        .or_else(|| form(definition))
}

fn named(definition: &DatasetFile) -> Option<Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let name = &definition.name;
    let holds = (1..=100).contains(&name.len()) && name.chars().all(allowed);
    (!holds).then(|| {
        (
            "name",
            format!("'{name}': give 1 to 100 letters, digits, '-', '_', '.' or '/'"),
        )
    })
}

fn structures(definition: &DatasetFile) -> Option<Fault> {
    let structures = &definition.structures;
    let mut unique = structures.clone();
    unique.sort_unstable();
    unique.dedup();
    let file_safe = |name: &String| !name.is_empty() && !name.contains(['/', '{', '}', '\0']);
    if structures.is_empty() || unique.len() < structures.len() || !structures.iter().all(file_safe)
    {
        let message = "name each structure once, e.g. [\"disc\", \"cup\"], without '/' or braces";
        return Some(("structures", message.to_owned()));
    }
    let stranger = definition
        .nested
        .iter()
        .find(|name| !structures.contains(name))?;
    Some((
        "nested",
        format!(
            "'{stranger}' is none of the structures {}",
            structures.join(", ")
        ),
    ))
}

fn rules(definition: &DatasetFile) -> Option<Fault> {
    if let Err(message) = definition.intensity.parse::<Intensity>() {
        return Some(("intensity", message));
    }
    if let Err(fault) = Crop::parse(definition.crop.as_ref(), &definition.structures) {
        return Some(fault);
    }
    if let Some(text) = &definition.patient {
        let grouped = Regex::new(text).map(|regex| {
            regex
                .capture_names()
                .flatten()
                .any(|name| name == "patient")
        });
        match grouped {
            Err(error) => return Some(("patient", format!("no regular expression: {error}"))),
            Ok(false) => {
                let message = format!("'{text}' has no group (?P<patient>…)");
                return Some(("patient", message));
            }
            Ok(true) => {}
        }
    }
    let share = definition.split.validation_fraction;
    if share.is_some_and(|share| !(share > 0.0 && share < 1.0)) {
        let message = "give a share between 0 and 1, e.g. 0.15".to_owned();
        return Some(("split.validation_fraction", message));
    }
    let numbers = match &definition.foreground {
        Some(Foreground::Above(value) | Foreground::Below(value)) => std::slice::from_ref(value),
        Some(Foreground::Equals(values)) => values,
        None => return None,
    };
    let holds = !numbers.is_empty() && numbers.iter().all(|number| number.is_finite());
    (!holds).then(|| ("foreground", "give at least one finite number".to_owned()))
}

fn form(definition: &DatasetFile) -> Option<Fault> {
    let needless = |key, present: bool| {
        present.then(|| {
            (
                key,
                format!("form \"{}\" has no such key: leave it out", definition.form),
            )
        })
    };
    let templates = || {
        needless("image", definition.image.is_some())
            .or_else(|| needless("masks", definition.masks.is_some()))
            .or_else(|| needless("arbitrated", definition.arbitrated.is_some()))
    };
    if definition.form != DatasetForm::Brats && definition.slices.is_some() {
        return needless("slices", true);
    }
    match definition.form {
        DatasetForm::Folder => needless("tasks", !definition.tasks.is_empty())
            .or_else(|| needless("phantom", definition.phantom.is_some()))
            .or_else(|| folder(definition)),
        DatasetForm::Qubiq => templates()
            .or_else(|| needless("phantom", definition.phantom.is_some()))
            .or_else(|| qubiq(definition)),
        DatasetForm::Lidc
        | DatasetForm::Refuge
        | DatasetForm::RefugeCropped
        | DatasetForm::Riga
        | DatasetForm::RigaContours => templates()
            .or_else(|| needless("foreground", definition.foreground.is_some()))
            .or_else(|| needless("tasks", !definition.tasks.is_empty()))
            .or_else(|| needless("phantom", definition.phantom.is_some()))
            .or_else(|| published(definition)),
        DatasetForm::Brats => templates()
            .or_else(|| needless("foreground", definition.foreground.is_some()))
            .or_else(|| needless("tasks", !definition.tasks.is_empty()))
            .or_else(|| needless("phantom", definition.phantom.is_some()))
            .or_else(|| brats(definition)),
        DatasetForm::Phantom => templates()
            .or_else(|| needless("absent", !definition.absent.is_empty()))
            .or_else(|| needless("tasks", !definition.tasks.is_empty()))
            .or_else(|| needless("root", definition.root.is_some()))
            .or_else(|| phantom(definition)),
    }
}

fn folder(definition: &DatasetFile) -> Option<Fault> {
    if definition.image.is_none() {
        let message = "is missing: give a template, e.g. \"images/{case}.png\"";
        return Some(("image", message.to_owned()));
    }
    if definition.masks.is_none() {
        let message = "is missing: give a template, e.g. \"masks/{rater}/{case}.png\"";
        return Some(("masks", message.to_owned()));
    }
    (definition.arbitrated.is_some() && definition.arbitrated_kind.is_none()).then(|| {
        let message = "is missing: say where the arbitrated masks come from: \"staple\", \"expert\" or \"unknown\"";
        ("arbitrated_kind", message.to_owned())
    })
}

fn qubiq(definition: &DatasetFile) -> Option<Fault> {
    let two_digits = |task: &String| task.len() == 2 && task.bytes().all(|b| b.is_ascii_digit());
    let holds = definition.tasks.len() == definition.structures.len()
        && definition.tasks.iter().all(two_digits);
    (!holds).then(|| {
        let message = format!(
            "give the two digits of taskTT, one for each of the structures {}, e.g. [\"01\"]",
            definition.structures.join(", ")
        );
        ("tasks", message)
    })
}

/// Forms whose layout says everything but who decided the arbitrated masks.
fn published(definition: &DatasetFile) -> Option<Fault> {
    let lidc = definition.form == DatasetForm::Lidc;
    if lidc && definition.raters != RaterIdentity::Exchangeable {
        let message = "LIDC's mask slots are not always the same reader: give \"exchangeable\"";
        return Some(("raters", message.to_owned()));
    }
    if lidc && definition.structures.len() > 1 {
        return Some(("structures", "LIDC has one, e.g. [\"nodule\"]".to_owned()));
    }
    let arbitrated = !matches!(
        definition.form,
        DatasetForm::Lidc | DatasetForm::RigaContours
    );
    match (arbitrated, definition.arbitrated_kind) {
        (true, None) => {
            let message = "is missing: say where the arbitrated masks come from, e.g. \"expert\" or \"unknown\"";
            Some(("arbitrated_kind", message.to_owned()))
        }
        (false, Some(_)) => {
            let message = format!(
                "form \"{}\" has no arbitrated masks: leave it out",
                definition.form
            );
            Some(("arbitrated_kind", message))
        }
        _ => None,
    }
}

fn brats(definition: &DatasetFile) -> Option<Fault> {
    let known = |name: &String| published::brats::is_region(name);
    if !definition.structures.iter().all(known) {
        let message = "BraTS has the regions \"whole\", \"core\" and \"enhancing\"";
        return Some(("structures", message.to_owned()));
    }
    let holds = match &definition.slices {
        None => false,
        Some(SliceRule::Largest(count)) => *count > 0,
        Some(SliceRule::At(slices)) => {
            let mut unique = slices.clone();
            unique.sort_unstable();
            unique.dedup();
            !slices.is_empty() && unique.len() == slices.len()
        }
    };
    (!holds).then(|| {
        let message = "say which axial slices become cases: { at = [80] }, each once and from 0, or { largest = 1 }";
        ("slices", message.to_owned())
    })
}

fn phantom(definition: &DatasetFile) -> Option<Fault> {
    let Some(spec) = &definition.phantom else {
        return Some(("phantom", "is missing: give the table [phantom]".to_owned()));
    };
    let refuse = |holds: bool, key, message: &str| (!holds).then(|| (key, message.to_owned()));
    let within = |value: f64, low: f64, high: f64| (low..=high).contains(&value);
    let cases: u64 = spec.cases.iter().map(|n| u64::from(*n)).sum();
    refuse(
        definition.structures.len() <= 2,
        "structures",
        "a phantom has a disc, or a disc and a cup",
    )
    .or_else(|| {
        let kind = definition.arbitrated_kind;
        let holds = kind.is_none() || kind == Some(ArbitratedKind::Generator);
        refuse(holds, "arbitrated_kind", "a phantom's is \"generator\"")
    })
    .or_else(|| {
        refuse(
            (8..=4096).contains(&spec.size),
            "phantom.size",
            "give 8 to 4096 pixels",
        )
    })
    .or_else(|| {
        refuse(
            (1..=100_000).contains(&cases),
            "phantom.cases",
            "give 1 to 100000 cases",
        )
    })
    .or_else(|| {
        let raters = (1..=64).contains(&spec.biases.len());
        let biases = spec.biases.iter().all(|bias| within(*bias, -0.8, 1.0));
        refuse(
            raters && biases,
            "phantom.biases",
            "give 1 to 64 biases from -0.8 to 1.0, one a rater",
        )
    })
    .or_else(|| {
        refuse(
            within(spec.jitter, 0.0, 0.2),
            "phantom.jitter",
            "give 0.0 to 0.2",
        )
    })
    .or_else(|| {
        refuse(
            within(spec.noise, 0.0, 1.0),
            "phantom.noise",
            "give 0.0 to 1.0",
        )
    })
}
