//! Numbers typed by hand: rows of tabulars whose first cell names an arm.

use super::known::{KnownRow, Printed};
use super::tex::{Stripped, commands, group, plain, split};
use super::{Checked, Difference, NotChecked};
use crate::print::names::PREFIX;

/// A cell that stands where a number stands.
enum Cell {
    /// A number, × 100, as it is typed.
    Typed { mean: String, sd: Option<String> },
    /// A macro of ours, which is checked by its value.
    Called,
    /// A dash.
    Absent,
}

/// Checks every tabular of a file.
pub(super) fn check(source: &Stripped<'_>, known: &[KnownRow], checked: &mut Checked) {
    for (start, body) in tabulars(&source.text) {
        for (at, row) in split(body, r"\\") {
            // Rules stand on lines of their own before a row's first cell: the row is where its cells are parted.
            let parted = split(row, "&").get(1).map_or(0, |(at, _)| at - 1);
            let line = source.line(start + at + parted);
            check_row(source.file, line, row, known, checked);
        }
    }
}

/// The bodies of `tabular`, `tabular*`, `tabularx` and `longtable`, with their places.
fn tabulars(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, name) in commands(text) {
        let after = at + 1 + name.len();
        let environment = group(text[after..].trim_start());
        let is_table = |name: &&str| name.starts_with("tabular") || name.starts_with("longtable");
        let (true, Some(environment)) = (name == "begin", environment.filter(is_table)) else {
            continue;
        };
        let begin = after + environment.len() + 2;
        let end = text[begin..].find(&format!("\\end{{{environment}}}"));
        let Some(body) = end.map(|end| &text[begin..begin + end]) else {
            continue;
        };
        // The columns' own group stands before the first cell.
        let columns = group(body.trim_start()).map_or(0, |columns| columns.len() + 2);
        let skip = body.len() - body.trim_start().len() + columns;
        found.push((begin + skip, &body[skip..]));
    }
    found
}

fn check_row(file: &str, line: usize, row: &str, known: &[KnownRow], checked: &mut Checked) {
    let cells = split(row, "&");
    let words: Vec<_> = cells.iter().map(|(_, cell)| plain(cell)).collect();
    let numbers: Vec<_> = cells
        .iter()
        .zip(&words)
        .skip(1)
        .filter_map(|((_, cell), words)| read(cell, words))
        .collect();
    let typed = |cell: &&Cell| matches!(cell, Cell::Typed { .. });
    if !numbers.iter().any(|cell| typed(&cell)) {
        return;
    }
    let not_checked = |why: String| NotChecked {
        file: file.to_owned(),
        line,
        why,
    };
    let of_arm: Vec<_> = known.iter().filter(|row| is_named(row, &words)).collect();
    let label = words.first().map_or("", String::as_str);
    if of_arm.is_empty() {
        let why = format!("'{label}' is no arm of the tables");
        checked.not_checked.push(not_checked(why));
        return;
    }
    let with_recurrence: Vec<_> = of_arm
        .iter()
        .copied()
        .filter(|row| has_recurrence(row, &words))
        .collect();
    let several = of_arm
        .iter()
        .any(|row| row.recurrence != of_arm[0].recurrence);
    let rows = if several { with_recurrence } else { of_arm };
    if rows.is_empty() {
        let why = format!("'{label}' has several recurrences: name one in the row, e.g. Rec2");
        checked.not_checked.push(not_checked(why));
        return;
    }
    let mut fitting: Vec<_> = rows
        .iter()
        .filter(|row| row.numbers.len() == numbers.len())
        .map(|row| (wrong(&numbers, row), *row))
        .collect();
    fitting.sort_by_key(|(wrong, _)| wrong.len());
    match fitting.as_slice() {
        [] => {
            let lengths: std::collections::BTreeSet<_> = rows
                .iter()
                .map(|row| row.numbers.len().to_string())
                .collect();
            let lengths = lengths.into_iter().collect::<Vec<_>>().join(" or ");
            let why = format!(
                "'{label}' has {} numbers, and {lengths} in the tables",
                numbers.len()
            );
            checked.not_checked.push(not_checked(why));
        }
        [(first, _), (second, _), ..] if !first.is_empty() && first.len() == second.len() => {
            let why = format!("'{label}' may be any of several rows of the tables");
            checked.not_checked.push(not_checked(why));
        }
        [(wrong, row), ..] => {
            checked.numbers += numbers.iter().filter(typed).count();
            checked
                .differences
                .extend(wrong.iter().map(|wrong| Difference {
                    file: file.to_owned(),
                    line,
                    of: format!("{label}, number {} ({})", wrong.place + 1, row.of),
                    found: wrong.found.clone(),
                    expected: wrong.expected.clone(),
                }));
        }
    }
}

fn is_named(row: &KnownRow, words: &[String]) -> bool {
    let label = words.first().map_or("", String::as_str);
    row.names.iter().any(|name| {
        let same = |label: &str| label.trim().eq_ignore_ascii_case(name);
        let bare = label
            .strip_suffix(&row.recurrence)
            .map(|bare| bare.trim_end_matches([' ', '-', '(', ',']));
        same(label) || bare.is_some_and(same)
    })
}

/// Whether the row's recurrence is in its name, or in a cell of its own.
fn has_recurrence(row: &KnownRow, words: &[String]) -> bool {
    let label = words.first().map_or("", String::as_str);
    words.iter().skip(1).any(|word| *word == row.recurrence) || label.ends_with(&row.recurrence)
}

/// A number's place in a row, what is typed there and what should be.
struct Wrong {
    place: usize,
    found: String,
    expected: String,
}

fn wrong(cells: &[Cell], row: &KnownRow) -> Vec<Wrong> {
    let pairs = cells.iter().zip(&row.numbers).enumerate();
    pairs
        .filter_map(|(place, (cell, known))| {
            let Cell::Typed { mean, sd } = cell else {
                return None;
            };
            let found = match sd {
                Some(sd) => format!("{mean} ± {sd}"),
                None => mean.clone(),
            };
            let expected = match known {
                Some(known) if agrees(mean, sd.as_deref(), *known) => return None,
                Some(known) => printed(*known, sd.is_some()),
                None => "no number".to_owned(),
            };
            Some(Wrong {
                place,
                found,
                expected,
            })
        })
        .collect()
}

/// Whether a typed number is the table's, at as many decimals as it is typed with. A deviation that is left out is no fault.
fn agrees(mean: &str, sd: Option<&str>, known: Printed) -> bool {
    let same = |typed: &str, known: f64| {
        let decimals = typed
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        typed.trim_start_matches('+') == format!("{known:.decimals$}")
    };
    let deviation = match (sd, known.sd) {
        (None, _) => true,
        (Some(typed), Some(known)) => same(typed, known),
        (Some(_), None) => false,
    };
    same(mean, known.mean) && deviation
}

fn printed(known: Printed, with_deviation: bool) -> String {
    let sd = known.sd.filter(|_| with_deviation);
    let sd = sd.map_or_else(String::new, |sd| format!(" ± {sd:.2}"));
    format!("{:.2}{sd}", known.mean)
}

/// A cell of numbers; none for words.
fn read(cell: &str, words: &str) -> Option<Cell> {
    if commands(cell).any(|(_, name)| name.starts_with(PREFIX)) {
        return Some(Cell::Called);
    }
    let words = words.replace('−', "-");
    if ["-", "--", "---", "–", "—"].contains(&words.as_str()) {
        return Some(Cell::Absent);
    }
    let (mean, rest) = decimal(&words)?;
    let deviation = rest
        .trim_start()
        .strip_prefix(['±', '('])
        .and_then(|rest| decimal(rest.trim_start()));
    Some(Cell::Typed {
        mean: mean.to_owned(),
        sd: deviation.map(|(sd, _)| sd.to_owned()),
    })
}

/// The decimal that a text begins with, and the rest. A whole number is none: it is a count or a parameter.
fn decimal(text: &str) -> Option<(&str, &str)> {
    let signed = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.len() - signed.len();
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(signed);
    let decimals = digits(signed[whole..].strip_prefix('.')?);
    (whole > 0 && decimals > 0).then(|| text.split_at(sign + whole + 1 + decimals))
}
