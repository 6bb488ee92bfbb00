//! A table as LaTeX: a file that compiles alone and can be taken into a paper, with one macro a cell.
//!
//! Every number stands once, in a macro, and the table calls it; a sentence of the paper can call it too, so that what is said
//! and what is tabulated cannot part. Macros are named by experiment, arm, recurrence, data set, structure and reference.

use std::collections::BTreeSet;

use mrprism_protocol::wire::{Table, TableCell};

use super::grid::{Grid, GridRow, grids};
use super::part::{heading, recurrence};

const HEAD: &str = r"\documentclass[border=6pt,varwidth=40cm]{standalone}
\usepackage[T1]{fontenc}
\usepackage{booktabs}
\usepackage{siunitx}
\begin{document}
\sisetup{separate-uncertainty}
";

/// Soft Dice of each data set, booktabs and siunitx; the best of a column is bold, the second underlined; notes as comments.
pub fn latex(table: &Table) -> String {
    let mut names = Names::default();
    let (mut macros, mut bodies) = (Vec::new(), Vec::new());
    for grid in grids(table) {
        bodies.push(body(table, &grid, &mut names, &mut macros));
    }
    let comment = |line: &String| format!("% {}\n", line.replace('\n', " "));
    let about = [
        format!("{}: {}", table.experiment, table.question),
        "Numbers x 100, mean and standard deviation over seeds. Made by `mrprism table --format latex`: make it again, do not edit."
            .to_owned(),
        r"In a paper: \usepackage{standalone,booktabs,siunitx} and \input this file; its macros are then known.".to_owned(),
    ];
    let about: String = about.iter().chain(&table.notes).map(comment).collect();
    format!(
        "{about}{HEAD}{}\n{}\\end{{document}}\n",
        macros.concat(),
        bodies.join("\n\\par\\bigskip\n")
    )
}

fn body(table: &Table, grid: &Grid<'_>, names: &mut Names, macros: &mut Vec<String>) -> String {
    let columns: Vec<usize> = grid.columns().collect();
    let mut lines = vec![
        format!(r"\begin{{tabular}}{{ll{}}}", "r".repeat(columns.len())),
        r"\toprule".to_owned(),
    ];
    let mut from = 3;
    let (mut over, mut rules) = (vec![escaped(grid.dataset), String::new()], Vec::new());
    for (structure, columns) in &grid.structures {
        let (count, to) = (columns.len(), from + columns.len() - 1);
        over.push(format!(
            r"\multicolumn{{{count}}}{{c}}{{{}}}",
            escaped(structure)
        ));
        rules.push(format!(r"\cmidrule(lr){{{from}-{to}}}"));
        from = to + 1;
    }
    lines.push(format!(r"{} \\", over.join(" & ")));
    lines.push(rules.concat());
    let headings = columns
        .iter()
        .map(|column| escaped(&heading(&table.columns[*column])));
    lines.push(format!(
        r"method & & {} \\",
        headings.collect::<Vec<_>>().join(" & ")
    ));
    lines.push(r"\midrule".to_owned());
    for row in &grid.rows {
        let cells = row.cells.iter().zip(&columns).map(|(cell, column)| {
            let Some(cell) = cell else {
                return "--".to_owned();
            };
            let name = names.new_name(&words(table, row, *column));
            // Global: a paper takes the table in inside a group, and speaks of its numbers outside.
            macros.push(format!(
                "\\gdef\\{name}{{{}}}\n",
                number(cell.mean, cell.sd)
            ));
            called(&name, cell)
        });
        let cells: Vec<_> = cells.collect();
        lines.push(format!(
            r"{} & {} & {} \\",
            escaped(&row.row.arm),
            recurrence(row.row),
            cells.join(" & ")
        ));
    }
    if let Some(human) = &grid.human {
        let cells: Vec<_> = human
            .iter()
            .map(|found| {
                found.map_or_else(
                    || "--".to_owned(),
                    |(mean, sd)| format!(r"\num{{{}}}", number(mean, sd)),
                )
            })
            .collect();
        lines.push(r"\midrule".to_owned());
        lines.push(format!(r"raters & & {} \\", cells.join(" & ")));
    }
    lines.push(r"\bottomrule".to_owned());
    lines.push("\\end{tabular}\n".to_owned());
    lines.join("\n")
}

fn words(table: &Table, row: &GridRow<'_>, column: usize) -> String {
    let column = &table.columns[column];
    [
        table.experiment.as_str(),
        row.row.arm.as_str(),
        recurrence(row.row).as_str(),
        &column.dataset,
        &column.structure,
        &heading(column),
    ]
    .join(" ")
}

fn called(name: &str, cell: &TableCell) -> String {
    match (cell.best, cell.second) {
        (true, _) => format!(r"{{\boldmath\num[reset-math-version=false]{{\{name}}}}}"),
        (_, true) => format!(r"\underline{{\num{{\{name}}}}}"),
        _ => format!(r"\num{{\{name}}}"),
    }
}

/// As siunitx reads it.
fn number(mean: f64, sd: Option<f64>) -> String {
    let sd = sd.map_or_else(String::new, |sd| format!(r" \pm {:.2}", sd * 100.0));
    format!("{:.2}{sd}", mean * 100.0)
}

/// Macros' names: letters alone, each once.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn new_name(&mut self, words: &str) -> String {
        let mut name = "mrp".to_owned();
        let mut begins = true;
        for character in words.chars() {
            match character {
                letter if letter.is_ascii_alphabetic() && begins => {
                    name.push(letter.to_ascii_uppercase());
                    begins = false;
                }
                letter if letter.is_ascii_alphabetic() => name.push(letter),
                digit if digit.is_ascii_digit() => {
                    let digit = digit as usize - '0' as usize;
                    name += DIGITS[digit];
                    begins = true;
                }
                _ => begins = true,
            }
        }
        // Names that differ in what LaTeX does not allow alone are told apart by an X.
        while !self.0.insert(name.clone()) {
            name.push('X');
        }
        name
    }
}

const DIGITS: [&str; 10] = [
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
];

/// Names are the user's: nothing in them is a command.
fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                found.push('\\');
                found.push(character);
            }
            '\\' => found += r"\textbackslash{}",
            '~' => found += r"\textasciitilde{}",
            '^' => found += r"\textasciicircum{}",
            '\n' => found.push(' '),
            other => found.push(other),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Names, escaped};

    #[test]
    fn macros_have_names_of_letters_and_each_its_own() {
        let mut names = Names::default();
        let found = names.new_name("table-1 tau_3 rec0 qubiq/brain-growth growth mean");
        assert_eq!(
            found,
            "mrpTableOneTauThreeRecZeroQubiqBrainGrowthGrowthMean"
        );
        assert_eq!(names.new_name("a-b"), "mrpAB");
        assert_eq!(names.new_name("a b"), "mrpABX");
        assert_eq!(names.new_name("ä"), "mrp");
    }

    #[test]
    fn no_name_is_a_command() {
        assert_eq!(
            escaped(r"a_b\input{x}~^"),
            r"a\_b\textbackslash{}input\{x\}\textasciitilde{}\textasciicircum{}"
        );
    }
}
