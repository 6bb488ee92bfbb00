//! Arms by rule: one operator a file.

mod component;
mod cumulative;
mod factorial;
mod grid;
mod list;
mod one_in;
mod one_out;
mod random;
mod read;

use std::collections::BTreeMap;

use serde::Serialize;
use toml::Table;

pub use component::{ComponentFile, ComponentList};
pub use random::RandomSweep;

pub(super) use component::faults as component_faults;

/// Most arms an experiment may have: what a server plans within seconds.
pub(super) const MOST_ARMS: usize = 10_000;

/// The `[sweep]` table: exactly one rule. Each point is applied on top of each `[[arm]]` (or of the base alone).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepFile {
    /// Every combination: dotted key → list of values.
    Grid(Table),
    /// These points: each a table of dotted keys.
    List(Vec<Table>),
    /// Points drawn by chance.
    Random(RandomSweep),
    /// Every component on, then each off alone.
    OneOut(ComponentList),
    /// Every component off, then each on alone.
    OneIn(ComponentList),
    /// Every component off, then one more on at a time.
    Cumulative(ComponentList),
    /// Every combination of components.
    Factorial(ComponentList),
}

/// One point: what it adds to an arm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    /// Its name in tables, behind the arm's.
    pub(super) name: String,
    /// Dotted keys and their values.
    pub(super) set: Table,
    /// Which of the components that the sweep switches are on.
    pub(super) components: BTreeMap<String, bool>,
}

/// What is wrong with a sweep or a component: where, from the top of the file, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SweepFault {
    pub(super) path: Vec<String>,
    pub(super) message: String,
}

impl SweepFault {
    fn new<const N: usize>(path: [&str; N], message: impl Into<String>) -> Self {
        Self {
            path: path.map(str::to_owned).into(),
            message: message.into(),
        }
    }
}

/// Components as `[components]` declares them.
type Components = BTreeMap<String, ComponentFile>;

impl SweepFile {
    /// The points in order, or why the rule makes none.
    pub(super) fn points(&self, declared: &Components) -> Result<Vec<Point>, SweepFault> {
        let switched = |operator: &str, list: &ComponentList, patterns: fn(usize) -> Patterns| {
            component::points(operator, list, declared, patterns)
        };
        let points = match self {
            Self::Grid(axes) => named(grid::points(axes)?),
            Self::List(points) => named(list::points(points)?),
            Self::Random(sweep) => named(sweep.points()?),
            Self::OneOut(list) => switched("one_out", list, one_out::patterns)?,
            Self::OneIn(list) => switched("one_in", list, one_in::patterns)?,
            Self::Cumulative(list) => switched("cumulative", list, cumulative::patterns)?,
            Self::Factorial(list) => {
                factorial::check(list.length(declared))?;
                switched("factorial", list, factorial::patterns)?
            }
        };
        if points.is_empty() || points.iter().any(|point| point.name.is_empty()) {
            return Err(SweepFault::new(
                ["sweep"],
                "the sweep has no points: give at least one key with one value",
            ));
        }
        Ok(points)
    }
}

/// Which components are on, arm by arm, and how the arm is named.
type Patterns = Vec<(Naming, Vec<bool>)>;

/// How an ablation's arm is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// `full`
    Full,
    /// `without shuffle`: the one that is off.
    Without,
    /// `only shuffle`: the one that is on.
    Only,
    /// `shuffle + heads`: those that are on; `none` where none is.
    Sum,
}

fn named(points: Vec<Table>) -> Vec<Point> {
    let points = points.into_iter().map(|set| Point {
        name: point_name(&set),
        set,
        components: BTreeMap::new(),
    });
    points.collect()
}

/// A point's name in tables, e.g. `recurrences=1 shuffle=0.3`.
fn point_name(point: &Table) -> String {
    point
        .iter()
        .map(|(key, value)| {
            let last = key.rsplit('.').next().unwrap_or(key);
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{last}={value}")
        })
        .collect::<Vec<_>>()
        .join(" ")
}
