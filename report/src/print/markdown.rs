//! A table as Markdown: soft Dice of each data set, then the notes.

use mrprism_protocol::wire::Table;

use super::context::Context;
use super::template::{Template, TemplateError, rendered};

/// The best of a column is bold, the second underlined; numbers × 100, mean ± sd over seeds.
///
/// # Errors
/// A template of the user's own has a fault.
pub fn markdown(table: &Table, own: Option<&Template>) -> Result<String, TemplateError> {
    let built_in = Template {
        name: "table.md".to_owned(),
        text: include_str!("../../templates/table.md").to_owned(),
    };
    let text = rendered(own.unwrap_or(&built_in), &Context::of(table))?;
    Ok(text.trim_end().to_owned())
}

/// Names are the user's: nothing in them is markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_[]<>|#".contains(character) {
            found.push('\\');
        }
        found.push(if character == '\n' { ' ' } else { character });
    }
    found
}
