//! Tables in print: ×100 with two decimals for people, fractions for programs.

mod caption;
mod compared;
pub(crate) mod context;
mod csv;
mod factors;
mod fusions;
mod grid;
mod heads;
mod latex;
mod learned;
mod markdown;
pub(crate) mod names;
mod part;
mod ranks;
mod template;
mod text;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use mrprism_protocol::wire::TableCell;

pub use self::csv::csv;
pub(crate) use self::csv::joined;
pub use self::latex::latex;
pub(crate) use self::markdown::escaped as escaped_for_markdown;
pub use self::markdown::markdown;
pub(crate) use self::part::heading;
pub(crate) use self::part::reference_word;
pub use self::template::{Template, TemplateError};
pub use self::text::text;

/// Widest line that is printed.
pub const WIDTH: usize = 110;

/// A line under the header, and no other.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// A table of words: a header, a line, rows; every column to the left.
pub fn plain(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let header = header.iter().map(|word| (*word).to_owned()).collect();
    lined(header, rows, usize::MAX)
}

/// A table whose first `words` columns are words and whose others are numbers, to the right.
pub fn lined(
    header: Vec<String>,
    rows: impl IntoIterator<Item = Vec<String>>,
    words: usize,
) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(header);
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= words {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// A cell's flags but its encoder, which is said once an arm and not once a number.
pub(crate) fn other_flags(cell: &TableCell) -> impl Iterator<Item = &str> {
    let flags = cell.flags.iter().map(String::as_str);
    flags.filter(|flag| !flag.starts_with("encoder: "))
}

/// `text` in lines of at most `width` letters; every line but the first begins with `indent`.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        if line.trim().is_empty() {
            line.push_str(word);
        } else if length > width {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn a_note_is_broken_between_words_and_indented() {
        assert_eq!(
            wrapped("one two three four", 9, "  "),
            "one two\n  three\n  four"
        );
        assert_eq!(wrapped("short", 9, "  "), "short");
    }
}
