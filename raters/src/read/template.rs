//! Path templates with `{case}`, `{rater}` and `{structure}`, and finding what fits them.

use std::path::{Path, PathBuf};

use super::inside::Listings;
use crate::DataError;

/// A placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variable {
    /// Any file name part that does not begin with a dot.
    Case,
    /// ASCII letters, digits and `-`.
    Rater,
    /// One of the data set's structures; never searched for.
    Structure,
}

impl Variable {
    const ALL: [Self; 3] = [Self::Case, Self::Rater, Self::Structure];

    /// As templates spell it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Case => "{case}",
            Self::Rater => "{rater}",
            Self::Structure => "{structure}",
        }
    }

    fn accepts(self, value: &str) -> bool {
        match self {
            Self::Case | Self::Structure => !value.is_empty() && !value.starts_with('.'),
            Self::Rater => {
                !value.is_empty()
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Variable(Variable),
}

/// A relative path, component by component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Vec<Piece>>);

impl Template {
    /// Parses a template that may hold `allowed` placeholders.
    pub(crate) fn parse(text: &str, allowed: &[Variable]) -> Result<Self, String> {
        let components: Vec<_> = text.split('/').collect();
        if components
            .iter()
            .any(|part| matches!(*part, "" | "." | ".."))
            || text.contains(['\\', '\0'])
        {
            return Err(format!(
                "'{text}' must be a path below the data set's folder, with '/' and without '..'"
            ));
        }
        let pieces = components.into_iter().map(|part| pieces(part, allowed));
        let pieces: Result<_, _> = pieces.collect();
        pieces
            .map(Self)
            .map_err(|fault: String| format!("'{text}': {fault}"))
    }

    /// Whether `variable` stands anywhere in it.
    pub(crate) fn holds(&self, variable: Variable) -> bool {
        self.0
            .iter()
            .flatten()
            .any(|piece| *piece == Piece::Variable(variable))
    }

    /// The template with `value` in place of `variable`.
    pub(crate) fn bind(&self, variable: Variable, value: &str) -> Self {
        let bound = |piece: &Piece| match piece {
            Piece::Variable(found) if *found == variable => Piece::Literal(value.to_owned()),
            other => other.clone(),
        };
        Self(
            self.0
                .iter()
                .map(|part| part.iter().map(bound).collect())
                .collect(),
        )
    }

    /// The path, once nothing is left to bind; placeholders left over are spelled out.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.iter().map(|part| spelled(part)).collect()
    }

    /// Every value of `variable` for which the path exists, with the path. No other placeholder may be left.
    pub(crate) fn find(
        &self,
        listings: &Listings<'_>,
        variable: Variable,
    ) -> Result<Vec<(String, PathBuf)>, DataError> {
        let is_open = |part: &Vec<Piece>| part.contains(&Piece::Variable(variable));
        let Some(open) = self.0.iter().position(is_open) else {
            return Ok(Vec::new());
        };
        let folder: PathBuf = self.0[..open].iter().map(|part| spelled(part)).collect();
        let names = listings.of(&folder)?;
        let pattern = Pattern::new(&self.0[open]);
        let candidates = names
            .range(pattern.literals[0].clone()..)
            .take_while(|name| name.starts_with(&pattern.literals[0]));
        let mut found = Vec::new();
        for value in candidates.filter_map(|name| pattern.value(name)) {
            if !variable.accepts(value) {
                continue;
            }
            let path = self.bind(variable, value).path();
            let last = open + 1 == self.0.len();
            if last || exists(listings, &path)? {
                found.push((value.to_owned(), path));
            }
        }
        Ok(found)
    }
}

fn exists(listings: &Listings<'_>, path: &Path) -> Result<bool, DataError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("");
    Ok(listings.of(folder)?.contains(name))
}

fn pieces(part: &str, allowed: &[Variable]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while !rest.is_empty() {
        let known = Variable::ALL
            .iter()
            .find(|variable| rest.starts_with(variable.word()));
        if let Some(variable) = known {
            if !allowed.contains(variable) {
                return Err(format!("{} has no place here", variable.word()));
            }
            pieces.push(Piece::Variable(*variable));
            rest = &rest[variable.word().len()..];
            continue;
        }
        if rest.starts_with(['{', '}']) {
            return Err("placeholders are {case}, {rater} and {structure}".to_owned());
        }
        let end = rest.find(['{', '}']).unwrap_or(rest.len());
        pieces.push(Piece::Literal(rest[..end].to_owned()));
        rest = &rest[end..];
    }
    Ok(pieces)
}

fn spelled(part: &[Piece]) -> String {
    let word = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Variable(variable) => variable.word().to_owned(),
    };
    part.iter().map(word).collect()
}

/// A component with one unknown, perhaps several times: literals before, between and after its places.
struct Pattern {
    literals: Vec<String>,
}

impl Pattern {
    fn new(part: &[Piece]) -> Self {
        let mut literals = vec![String::new()];
        for piece in part {
            match (piece, literals.last_mut()) {
                (Piece::Literal(text), Some(last)) => last.push_str(text),
                _ => literals.push(String::new()),
            }
        }
        Self { literals }
    }

    /// The one value that turns the pattern into `name`.
    fn value<'a>(&self, name: &'a str) -> Option<&'a str> {
        let fixed: usize = self.literals.iter().map(String::len).sum();
        let places = self.literals.len() - 1;
        let free = name.len().checked_sub(fixed)?;
        if places == 0 || free % places != 0 {
            return None;
        }
        let start = self.literals[0].len();
        let value = name.get(start..start + free / places)?;
        (self.literals.join(value) == name).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::inside::Inside;
    use super::{Listings, Template, Variable};

    fn parse(text: &str) -> Result<Template, String> {
        Template::parse(text, &[Variable::Case, Variable::Rater])
    }

    fn found(files: &[&str], template: &Template, variable: Variable) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let inside = Inside::new(root.path()).unwrap();
        let found = template.find(&Listings::new(&inside), variable).unwrap();
        found.into_iter().map(|(value, _)| value).collect()
    }

    #[test]
    fn a_case_may_stand_in_several_places() {
        let template = parse("{case}/{case}_x_{case}.png").unwrap();
        let files = [
            "a/a_x_a.png",
            "b/b_x_a.png",
            "cc/cc_x_cc.png",
            ".d/.d_x_.d.png",
        ];
        assert_eq!(found(&files, &template, Variable::Case), ["a", "cc"]);
    }

    #[test]
    fn a_raters_name_does_not_swallow_its_neighbours() {
        let template = parse("{case}_{rater}.png")
            .unwrap()
            .bind(Variable::Case, "1");
        let files = [
            "1_a.png",
            "1_2_a.png",
            "1_b-2.png",
            "1_.png",
            "2_a.png",
            "1_c.txt",
        ];
        assert_eq!(found(&files, &template, Variable::Rater), ["a", "b-2"]);
    }

    #[test]
    fn folders_may_hold_the_unknown() {
        let template = parse("labels/expert_{rater}/{case}.png").unwrap();
        let files = [
            "labels/expert_1/x.png",
            "labels/expert_10/x.png",
            "labels/expert_2/y.png",
        ];
        let of_x = template.bind(Variable::Case, "x");
        assert_eq!(found(&files, &of_x, Variable::Rater), ["1", "10"]);
    }

    #[test]
    fn paths_that_could_lead_out_and_unknown_words_are_refused() {
        for text in [
            "/etc/{case}",
            "../{case}.png",
            "a//{case}",
            "a/./{case}",
            "{cas}.png",
            "{case",
            "{structure}",
        ] {
            assert!(parse(text).unwrap_err().contains(text), "{text}");
        }
    }
}
