//! Which case belongs to which split. Decided by the data set's definition alone, patient by patient, never by a run's seed.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::{DatasetFile, SplitRule};

use super::SplitName;
use crate::DataError;
use crate::draw::Draws;

/// Positions of cases (in order of name) in each split: disjoint, and together every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    of: [Vec<usize>; 3],
}

impl Members {
    /// Positions of one split's cases, ascending.
    pub fn positions(&self, split: SplitName) -> &[usize] {
        &self.of[split as usize]
    }

    /// Cases of each split, by the split's name.
    pub fn counts(&self) -> BTreeMap<String, u32> {
        SplitName::ALL
            .iter()
            .map(|split| {
                (
                    split.as_str().to_owned(),
                    self.positions(*split).len() as u32,
                )
            })
            .collect()
    }

    fn new(splits: impl IntoIterator<Item = SplitName>) -> Self {
        let mut of = [Vec::new(), Vec::new(), Vec::new()];
        for (position, split) in splits.into_iter().enumerate() {
            of[split as usize].push(position);
        }
        Self { of }
    }
}

/// Assigns every case, given as (name, patient) and by the split whose folder it lies in.
pub(super) fn members(
    definition: &DatasetFile,
    cases: &[(String, String)],
    folders: &[Option<SplitName>],
    fold: Option<u32>,
) -> Result<Members, DataError> {
    let patients: BTreeSet<&str> = cases.iter().map(|(_, patient)| patient.as_str()).collect();
    let by_patient = match fold {
        Some(fold) => of_fold(definition, &patients, fold),
        None => of_rule(definition, &patients, cases, folders),
    };
    let by_patient = by_patient.map_err(|message| DataError::Split {
        dataset: definition.name.clone(),
        message,
    })?;
    let split_of = |patient: &str| by_patient.get(patient).copied().unwrap_or(SplitName::Train);
    Ok(Members::new(
        cases.iter().map(|(_, patient)| split_of(patient)),
    ))
}

type ByPatient<'a> = BTreeMap<&'a str, SplitName>;

fn of_rule<'a>(
    definition: &DatasetFile,
    patients: &BTreeSet<&'a str>,
    cases: &'a [(String, String)],
    folders: &[Option<SplitName>],
) -> Result<ByPatient<'a>, String> {
    let rule = &definition.split;
    let listed = !rule.test.is_empty() || !rule.validation.is_empty();
    if rule.validation_fraction.is_some() && rule.by.is_none() {
        return Err("`validation_fraction` goes with `by`: leave it out".to_owned());
    }
    let assigned = match (&rule.by, &rule.fractions, listed) {
        (Some(by), None, false) => {
            by_folder(by, cases, folders).and_then(|assigned| with_validation(definition, assigned))
        }
        (None, Some(fractions), false) => drawn(*fractions, patients, definition.split_seed),
        (None, None, true) => listed_by_name(rule, patients),
        (None, None, false) => {
            Err("`split` is empty: give test and validation names, fractions, or by".to_owned())
        }
        _ => Err("give one of: lists of names, `fractions`, or `by`".to_owned()),
    }?;
    for needed in [SplitName::Train, SplitName::Test] {
        if !assigned.values().any(|split| *split == needed) {
            return Err(format!(
                "no case is left for {}: change `split`",
                needed.as_str()
            ));
        }
    }
    Ok(assigned)
}

fn by_folder<'a>(
    by: &str,
    cases: &'a [(String, String)],
    folders: &[Option<SplitName>],
) -> Result<ByPatient<'a>, String> {
    if by != "folder" && by != "generator" {
        return Err(format!(
            "by = \"{by}\": allowed are \"folder\" and, for a phantom, \"generator\""
        ));
    }
    let mut assigned = ByPatient::new();
    for ((name, patient), folder) in cases.iter().zip(folders) {
        let split = folder.ok_or_else(|| {
            format!("by = \"{by}\" needs a layout with a folder for each split: give lists of names or fractions")
        })?;
        let before = assigned.insert(patient, split);
        if before.is_some_and(|before| before != split) {
            return Err(format!(
                "patient '{patient}' lies in two splits (case '{name}' is in {}): give lists of names or fractions",
                split.as_str()
            ));
        }
    }
    Ok(assigned)
}

/// Draws the validation cases that the layout lacks, at least one, from the patients of the training folders.
fn with_validation<'a>(
    definition: &DatasetFile,
    mut assigned: ByPatient<'a>,
) -> Result<ByPatient<'a>, String> {
    let Some(fraction) = definition.split.validation_fraction else {
        return Ok(assigned);
    };
    if assigned
        .values()
        .any(|split| *split == SplitName::Validation)
    {
        return Err(
            "the layout has validation cases of its own: leave `validation_fraction` out"
                .to_owned(),
        );
    }
    let train = assigned
        .iter()
        .filter(|(_, split)| **split == SplitName::Train);
    let train: BTreeSet<&str> = train.map(|(patient, _)| *patient).collect();
    let count = (fraction * train.len() as f64).round() as usize;
    for patient in shuffled(&train, definition.split_seed, "validation")
        .into_iter()
        .take(count.max(1))
    {
        assigned.insert(patient, SplitName::Validation);
    }
    Ok(assigned)
}

fn listed_by_name<'a>(
    rule: &SplitRule,
    patients: &BTreeSet<&'a str>,
) -> Result<ByPatient<'a>, String> {
    let mut assigned: ByPatient<'a> = patients
        .iter()
        .map(|patient| (*patient, SplitName::Train))
        .collect();
    let lists = [
        (SplitName::Test, &rule.test),
        (SplitName::Validation, &rule.validation),
    ];
    for (split, names) in lists {
        for name in names {
            match assigned.get_mut(name.as_str()) {
                None => {
                    return Err(format!(
                        "'{name}' in `split.{}` is no case of the data set{}",
                        split.as_str(),
                        nearest_hint(patients)
                    ));
                }
                Some(place) if *place == SplitName::Train => *place = split,
                Some(place) => {
                    return Err(format!(
                        "'{name}' stands in {} and {}: keep one",
                        place.as_str(),
                        split.as_str()
                    ));
                }
            }
        }
    }
    Ok(assigned)
}

fn nearest_hint(patients: &BTreeSet<&str>) -> String {
    let (first, last) = (patients.first(), patients.last());
    match (first, last) {
        (Some(first), Some(last)) => format!(" ('{first}' to '{last}')"),
        _ => String::new(),
    }
}

fn drawn<'a>(
    fractions: [f64; 3],
    patients: &BTreeSet<&'a str>,
    seed: u64,
) -> Result<ByPatient<'a>, String> {
    let sum: f64 = fractions.iter().sum();
    let holds = fractions.iter().all(|share| (0.0..=1.0).contains(share));
    if !holds || (sum - 1.0).abs() > 1e-6 {
        return Err(format!(
            "fractions {fractions:?} must each lie in 0 to 1 and sum to 1"
        ));
    }
    let order = shuffled(patients, seed, "fractions");
    let count = order.len() as f64;
    let train = (fractions[0] * count).round() as usize;
    let known = ((fractions[0] + fractions[1]) * count).round() as usize;
    let place = |position: usize| match position {
        position if position < train => SplitName::Train,
        position if position < known => SplitName::Validation,
        _ => SplitName::Test,
    };
    let places = order.iter().enumerate();
    Ok(places
        .map(|(position, patient)| (*patient, place(position)))
        .collect())
}

/// Fold f: part f is the test, part f + 1 (round the end) the validation, the others train.
fn of_fold<'a>(
    definition: &DatasetFile,
    patients: &BTreeSet<&'a str>,
    fold: u32,
) -> Result<ByPatient<'a>, String> {
    let folds = definition.folds;
    if folds < 3 {
        return Err(format!(
            "{folds} folds leave nothing to train on: give `folds` of 3 or more"
        ));
    }
    if fold >= folds {
        return Err(format!(
            "there is no fold {fold}: folds are 0 to {}",
            folds - 1
        ));
    }
    if patients.len() < folds as usize {
        return Err(format!(
            "{} patients cannot fill {folds} folds: give a smaller `folds`",
            patients.len()
        ));
    }
    let order = shuffled(patients, definition.split_seed, "folds");
    let place = |position: usize| match position as u32 % folds {
        part if part == fold => SplitName::Test,
        part if part == (fold + 1) % folds => SplitName::Validation,
        _ => SplitName::Train,
    };
    let places = order.iter().enumerate();
    Ok(places
        .map(|(position, patient)| (*patient, place(position)))
        .collect())
}

/// Patients in an order drawn with `seed`: a Fisher–Yates shuffle of the sorted names.
fn shuffled<'a>(patients: &BTreeSet<&'a str>, seed: u64, stream: &str) -> Vec<&'a str> {
    let mut order: Vec<_> = patients.iter().copied().collect();
    let stream: Vec<u64> = stream.bytes().map(u64::from).collect();
    let draws = Draws::new(seed, &stream);
    for last in (1..order.len()).rev() {
        let word = draws.word(last as u64);
        // Multiply and shift maps the word to 0..=last without the bias of a remainder.
        let other = ((u128::from(word) * (last as u128 + 1)) >> 64) as usize;
        order.swap(last, other);
    }
    order
}
