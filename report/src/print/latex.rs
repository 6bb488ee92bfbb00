//! A table as LaTeX: a file that compiles alone and can be taken into a paper, with one macro a cell.
//!
//! Every number stands once, in a macro, and the table calls it; a sentence of the paper can call it too, so that what is said
//! and what is tabulated cannot part. Macros are named by experiment, arm, recurrence, data set, structure and reference.

use mrprism_protocol::wire::Table;

use super::context::Context;
use super::template::{Template, TemplateError, rendered};

/// Soft Dice of each data set, booktabs and siunitx; the best of a column is bold, the second underlined; notes as comments.
///
/// # Errors
/// A template of the user's own has a fault.
pub fn latex(table: &Table, own: Option<&Template>) -> Result<String, TemplateError> {
    let built_in = Template {
        name: "table.tex".to_owned(),
        text: include_str!("../../templates/table.tex").to_owned(),
    };
    let text = rendered(own.unwrap_or(&built_in), &Context::of(table))?;
    Ok(format!("{text}\n"))
}

/// Names are the user's: nothing in them is a command. Signs that fonts lack are mathematics.
pub(super) fn escaped(text: &str) -> String {
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
            '✓' => found += r"$\checkmark$",
            '†' => found += r"$\dagger$",
            '‡' => found += r"$\ddagger$",
            'Δ' => found += r"$\Delta$",
            '±' => found += r"$\pm$",
            '×' => found += r"$\times$",
            '−' => found += "$-$",
            '–' => found += "--",
            '<' | '>' => {
                found.push('$');
                found.push(character);
                found.push('$');
            }
            other => found.push(other),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn no_name_is_a_command() {
        assert_eq!(
            escaped(r"a_b\input{x}~^"),
            r"a\_b\textbackslash{}input\{x\}\textasciitilde{}\textasciicircum{}"
        );
    }
}
