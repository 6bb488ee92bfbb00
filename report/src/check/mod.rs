//! A paper's LaTeX against the tables it prints: macros by their values, numbers typed by hand by the rows they stand in.

mod known;
mod macros;
mod rows;
mod tex;

use std::collections::BTreeMap;

use mrprism_protocol::wire::Table;
use serde::Serialize;

use self::tex::Stripped;
pub use self::tex::included;

/// One file of the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As people name it.
    pub file: String,
    /// Its LaTeX.
    pub text: String,
}

/// What a paper says beside what the tables hold. `mrprism.check/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Always `mrprism.check/1`.
    pub schema: String,
    /// Macros whose values were compared.
    pub macros: usize,
    /// Typed numbers that were compared.
    pub numbers: usize,
    /// Where the paper says something else, in order of file and line.
    pub differences: Vec<Difference>,
    /// What was left out, and why.
    pub not_checked: Vec<NotChecked>,
}

/// One place where the paper says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The macro, or the row and the number's place in it.
    pub of: String,
    /// What stands there.
    pub found: String,
    /// What the tables hold.
    pub expected: String,
}

/// One place that says nothing of the tables as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotChecked {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

impl Checked {
    /// Whether there was anything to compare.
    pub fn is_of_nothing(&self) -> bool {
        self.macros == 0 && self.numbers == 0 && self.differences.is_empty()
    }
}

/// Checks the files of one paper. `titles` are what papers call arms, by the arms' names.
pub fn check(sources: &[Source], tables: &[Table], titles: &BTreeMap<String, String>) -> Checked {
    let sources: Vec<_> = sources.iter().map(Stripped::of).collect();
    let mut checked = Checked {
        schema: "mrprism.check/1".to_owned(),
        macros: 0,
        numbers: 0,
        differences: Vec::new(),
        not_checked: Vec::new(),
    };
    macros::check(&sources, &known::macros(tables), &mut checked);
    let rows = known::rows(tables, titles);
    for source in &sources {
        rows::check(source, &rows, &mut checked);
    }
    let order: BTreeMap<&str, usize> = sources
        .iter()
        .enumerate()
        .map(|(place, source)| (source.file, place))
        .collect();
    let place = |file: &str| order.get(file).copied();
    checked
        .differences
        .sort_by_key(|found| (place(&found.file), found.line));
    checked
        .not_checked
        .sort_by_key(|found| (place(&found.file), found.line));
    checked
}
