//! From groups of files to templates: which are the raters' masks, the images, the arbitrated masks.

use std::collections::BTreeSet;

use super::content::is_mask;
use super::group::{Group, groups};
use crate::DataError;
use crate::read::{Inside, is_readable};

/// What was found. Paths are relative to the data set's folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) image: String,
    pub(super) masks: String,
    /// Words of the structures where a template has them; else empty.
    pub(super) structures: Vec<String>,
    pub(super) arbitrated: Option<String>,
    pub(super) cases: BTreeSet<String>,
    pub(super) raters: BTreeSet<String>,
    pub(super) image_files: Vec<String>,
    pub(super) mask_files: Vec<String>,
    pub(super) questions: Vec<String>,
}

/// Share of the cases that a group must know to belong to them.
const SHARED: f64 = 0.5;

/// Groups that are looked at, the largest first.
const MOST_GROUPS: usize = 64;

/// Masks of all raters, as one group, or one a structure.
struct Masks {
    groups: Vec<Group>,
    rater: usize,
    case: (usize, usize),
    structure: Option<usize>,
}

/// Finds the layout of `files`.
pub(super) fn find(inside: &Inside, files: &[String]) -> Result<Layout, DataError> {
    let readable = |file: &&String| is_readable(file.as_ref());
    let files: Vec<_> = files.iter().filter(readable).cloned().collect();
    let groups: Vec<_> = groups(&files).into_iter().take(MOST_GROUPS).collect();
    let no_masks = |seen: &str| DataError::NoRaters {
        root: inside.root().to_path_buf(),
        looked_for: format!(
            "looked for masks like masks/rater_1/CASE.png or CASE_rater1.png, {seen}; write dataset.toml by hand (docs/adding.md)"
        ),
    };
    let (masks, others): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|group| is_mask(inside, &group.paths()));
    let (raters, plain): (Vec<_>, Vec<_>) =
        masks.into_iter().partition(|group| group.rater().is_some());
    let seen = format!(
        "and saw {} files whose pixels are masks and {} others",
        raters
            .iter()
            .chain(&plain)
            .map(|group| group.files.len())
            .sum::<usize>(),
        others.iter().map(|group| group.files.len()).sum::<usize>()
    );
    let (found, plain, mut questions) = if raters.is_empty() {
        let (found, rest) = named_raters(&plain).ok_or_else(|| no_masks(&seen))?;
        (found, rest, Vec::new())
    } else {
        let (found, questions) = numbered_raters(raters).ok_or_else(|| {
            no_masks("and found raters but cases spread over several folders, which a template cannot say")
        })?;
        (found, plain, questions)
    };
    let cases = found.groups[0].cases(found.case);
    let image = best(&others, &cases).ok_or_else(|| DataError::NoCases {
        root: inside.root().to_path_buf(),
        looked_for: format!(
            "masks of {} cases were found ('{}' and so on), but no images with these names",
            cases.len(),
            cases.first().map_or("", String::as_str)
        ),
    })?;
    let images = image.0.cases(image.1);
    let unmarked: Vec<_> = images.difference(&cases).cloned().collect();
    if let Some(first) = unmarked.first() {
        questions.push(format!(
            "{} images have no masks ('{first}' is the first): a case needs one rater at least, so move them away",
            unmarked.len()
        ));
    }
    let structures = structure_words(&found);
    let arbitrated = arbitrated(&plain, &cases, &structures, &mut questions);
    Ok(Layout {
        image: image.0.template(image.1, None, None),
        masks: found.groups[0].template(found.case, Some(found.rater), found.structure),
        arbitrated,
        raters: rater_words(&found),
        image_files: image.0.paths(),
        mask_files: found.groups.iter().flat_map(Group::paths).collect(),
        structures,
        cases,
        questions,
    })
}

/// The largest group with raters, and those that differ from it by one word: the structure.
fn numbered_raters(groups: Vec<Group>) -> Option<(Masks, Vec<String>)> {
    let usable = |group: &Group| Some((group.rater()?, group.case(group.rater())?));
    let first = groups.iter().position(|group| usable(group).is_some())?;
    let (rater, case) = usable(&groups[first])?;
    let main = groups[first].clone();
    let mut structure = None;
    let mut found = vec![main.clone()];
    let mut questions = Vec::new();
    for (_, group) in groups.into_iter().enumerate().filter(|(i, _)| *i != first) {
        let at = main.differs_at(&group);
        let same = usable(&group) == Some((rater, case));
        match at {
            Some(at) if same && structure.is_none_or(|known| known == at) => {
                structure = Some(at);
                found.push(group);
            }
            _ => questions.push(format!(
                "{} more files look like raters' masks ('{}' is one): are they another structure?",
                group.files.len(),
                group.paths()[0]
            )),
        }
    }
    let masks = Masks {
        groups: found,
        rater,
        case,
        structure,
    };
    Some((masks, questions))
}

/// Groups of masks without numbers that differ in one word and know the same cases: the word is the rater's name.
fn named_raters(groups: &[Group]) -> Option<(Masks, Vec<Group>)> {
    for (i, group) in groups.iter().enumerate() {
        let Some(case) = group.case(None) else {
            continue;
        };
        let cases = group.cases(case);
        for at in 0..group.shape.len() {
            let alike = |other: &&Group| {
                group.differs_at(other) == Some(at)
                    && other.case(None) == Some(case)
                    && shares(&other.cases(case), &cases)
            };
            let others: Vec<_> = groups[i + 1..].iter().filter(alike).collect();
            if others.is_empty() || cases.len() < 2 {
                continue;
            }
            let mut files = group.files.clone();
            files.extend(others.iter().flat_map(|other| other.files.iter().cloned()));
            let taken: BTreeSet<_> = others.iter().map(|other| other.shape.clone()).collect();
            let rest = groups
                .iter()
                .filter(|other| other.shape != group.shape && !taken.contains(&other.shape));
            let rest = rest.cloned().collect();
            let masks = Masks {
                groups: vec![Group::new(group.shape.clone(), files)],
                rater: at,
                case,
                structure: None,
            };
            return Some((masks, rest));
        }
    }
    None
}

fn structure_words(masks: &Masks) -> Vec<String> {
    let Some(at) = masks.structure else {
        return Vec::new();
    };
    let words = masks
        .groups
        .iter()
        .map(|group| group.files[0].words[at].clone());
    words.collect()
}

fn rater_words(masks: &Masks) -> BTreeSet<String> {
    let values = masks
        .groups
        .iter()
        .flat_map(|group| group.values(masks.rater));
    values.map(str::to_owned).collect()
}

/// The group that knows most of the cases, the larger in a tie.
fn best<'a>(groups: &'a [Group], cases: &BTreeSet<String>) -> Option<(&'a Group, (usize, usize))> {
    let known = |group: &&Group| {
        let case = group.case(None);
        case.map_or(0, |case| group.cases(case).intersection(cases).count())
    };
    // `max_by_key` takes the last of equals, and groups come with the largest first.
    let group = groups.iter().rev().max_by_key(known)?;
    let case = group.case(None)?;
    shares(&group.cases(case), cases).then_some((group, case))
}

fn shares(of: &BTreeSet<String>, cases: &BTreeSet<String>) -> bool {
    of.intersection(cases).count() as f64 >= SHARED * cases.len() as f64
}

/// A template for masks that no rater's number stands in: one a case, or one a case and structure.
fn arbitrated(
    groups: &[Group],
    cases: &BTreeSet<String>,
    structures: &[String],
    questions: &mut Vec<String>,
) -> Option<String> {
    let fitting = groups.iter().filter_map(|group| {
        let case = group.case(None)?;
        shares(&group.cases(case), cases).then_some((group, case))
    });
    let fitting: Vec<_> = fitting.collect();
    let several = structures.len() > 1;
    let mut templates = fitting.iter().filter_map(|(group, case)| {
        if !several {
            return Some(group.template(*case, None, None));
        }
        let at =
            (0..group.shape.len()).find(|at| structures.contains(&group.files[0].words[*at]))?;
        let word = &group.files[0].words[at];
        (word == &structures[0]).then(|| group.template(*case, None, Some(at)))
    });
    let first = templates.next();
    for other in templates {
        questions.push(format!(
            "masks like {other} name no rater either: are they the arbitrated ones instead?"
        ));
    }
    first
}
