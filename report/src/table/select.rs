//! A part of a table: some arms, recurrences, references and metrics.

use mrprism_protocol::wire::Table;

/// What is shown; an empty list shows all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Arms.
    pub arms: Vec<String>,
    /// Rec numbers; rows without one stay.
    pub recurrences: Vec<u32>,
    /// References as columns name them; `rater` and `leave-one-out` mean every number.
    pub references: Vec<String>,
    /// Metrics, with or without their versions.
    pub metrics: Vec<String>,
}

/// A selection names what the table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table of '{experiment}' has no {what} '{word}': it has {known}")]
pub struct NotInTable {
    experiment: String,
    what: &'static str,
    word: String,
    known: String,
}

impl Selection {
    /// Whether everything is shown.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The part of a table.
    ///
    /// Numbers stay as they are: best and second are those of the whole table, and so are tests, ranks and their corrections.
    /// A note says so and what is shown.
    ///
    /// # Errors
    /// [`NotInTable`], with what there is.
    pub fn of(&self, table: &Table) -> Result<Table, NotInTable> {
        if self.is_everything() {
            return Ok(table.clone());
        }
        self.check(table)?;
        let rows = kept(&table.rows, |row| {
            any(&self.arms, |arm| *arm == row.arm)
                && (row.recurrence.is_none()
                    || any(&self.recurrences, |rec| Some(*rec) == row.recurrence))
        });
        let columns = kept(&table.columns, |column| {
            let reference = column.reference.to_string();
            any(&self.references, |word| means(word, &reference, ':'))
                && any(&self.metrics, |word| means(word, &column.metric, '@'))
        });
        let at = |kept: &[usize], index| kept.iter().position(|found| *found == index);
        let mut part = table.clone();
        part.rows = rows.iter().map(|row| table.rows[*row].clone()).collect();
        part.columns = columns
            .iter()
            .map(|column| table.columns[*column].clone())
            .collect();
        part.cells.retain_mut(|cell| {
            let place = at(&rows, cell.row).zip(at(&columns, cell.column));
            if let Some(place) = place {
                (cell.row, cell.column) = place;
            }
            place.is_some()
        });
        part.human.retain(|cell| {
            any(&self.metrics, |word| means(word, &cell.metric, '@'))
                && (self.references.is_empty()
                    || self
                        .references
                        .iter()
                        .any(|word| word.starts_with("leave-one-out")))
        });
        // Ranks are over all arms: without one of them they would say something else.
        part.ranks.retain_mut(|ranks| {
            let column = at(&columns, ranks.column);
            let places: Option<Vec<_>> = ranks.rows.iter().map(|row| at(&rows, *row)).collect();
            match column.zip(places) {
                Some((column, places)) => {
                    ranks.column = column;
                    ranks.rows = places;
                    true
                }
                None => false,
            }
        });
        let shown: Vec<_> = table
            .arms
            .iter()
            .map(|arm| any(&self.arms, |word| *word == arm.arm))
            .collect();
        let mut keep = shown.iter();
        part.arms.retain(|_| keep.next().copied().unwrap_or(true));
        for factor in &mut part.factors {
            let mut keep = shown.iter();
            factor
                .values
                .retain(|_| keep.next().copied().unwrap_or(true));
        }
        part.notes.insert(0, self.note());
        Ok(part)
    }

    fn note(&self) -> String {
        let numbers: Vec<_> = self
            .recurrences
            .iter()
            .map(|rec| format!("Rec{rec}"))
            .collect();
        let lists = [&self.arms, &numbers, &self.references, &self.metrics];
        let shown: Vec<_> = lists
            .iter()
            .filter(|list| !list.is_empty())
            .map(|list| list.join(", "))
            .collect();
        format!(
            "A part of the table: {}. Best, second, tests and notes are those of the whole table.",
            shown.join("; ")
        )
    }

    fn check(&self, table: &Table) -> Result<(), NotInTable> {
        let arms = table.rows.iter().map(|row| row.arm.clone()).collect();
        check(table, "arm", &self.arms, arms, |word, arm| word == arm)?;
        let recurrences: Vec<_> = self.recurrences.iter().map(ToString::to_string).collect();
        let known = table.rows.iter().filter_map(|row| row.recurrence);
        let known = known.map(|recurrence| recurrence.to_string()).collect();
        check(table, "recurrence", &recurrences, known, |word, rec| {
            word == rec
        })?;
        let references = table
            .columns
            .iter()
            .map(|column| column.reference.to_string());
        check(
            table,
            "reference",
            &self.references,
            references.collect(),
            |word, reference| means(word, reference, ':'),
        )?;
        let metrics = table.columns.iter().map(|column| column.metric.clone());
        check(
            table,
            "metric",
            &self.metrics,
            metrics.collect(),
            |word, metric| means(word, metric, '@'),
        )
    }
}

/// Whether a word names this, in full or by what stands before `end`.
fn means(word: &str, name: &str, end: char) -> bool {
    word == name || name.split_once(end).is_some_and(|(begin, _)| begin == word)
}

fn any<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(is)
}

fn kept<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    let items = items.iter().enumerate();
    items
        .filter(|(_, item)| wanted(item))
        .map(|(at, _)| at)
        .collect()
}

fn check(
    table: &Table,
    what: &'static str,
    words: &[String],
    mut known: Vec<String>,
    is: impl Fn(&str, &str) -> bool,
) -> Result<(), NotInTable> {
    let Some(word) = words
        .iter()
        .find(|word| !known.iter().any(|name| is(word, name)))
    else {
        return Ok(());
    };
    let mut seen = std::collections::BTreeSet::new();
    known.retain(|name| seen.insert(name.clone()));
    Err(NotInTable {
        experiment: table.experiment.clone(),
        what,
        word: word.clone(),
        known: if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        },
    })
}
