//! Drafting a `dataset.toml` by looking at a folder.
//!
//! Names are cut into words at everything but letters and digits, and between a word for a rater and its number (`rater1`).
//! Files with the same words and separators, numbers aside, form a group; what varies in a group of masks is the rater (behind
//! a word for one, or combined with every case), what varies beside it is the case. Pixels tell masks from images and say which
//! values are foreground. Everything guessed is marked `# ?` in the draft and told as a question.

mod content;
mod group;
mod layout;
mod published;
mod text;
mod words;

use std::path::Path;

use crate::DataError;
use crate::read::Inside;

/// A proposed `dataset.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The file's text, with `# ?` behind everything that was guessed.
    pub text: String,
    /// What a person should answer, one sentence each.
    pub questions: Vec<String>,
}

/// Files that are looked at; a larger folder is drafted from the first so many by name.
const MOST_FILES: usize = 200_000;

/// Looks at every file name below `root` and at a few pixels, and writes nothing.
///
/// # Errors
/// An unreadable folder, or a layout in which images or raters cannot be told; the sentence says what was seen.
pub fn draft(root: &Path) -> Result<Draft, DataError> {
    let inside = Inside::new(root)?;
    let files = inside.files(MOST_FILES)?;
    let name = name_of(inside.root());
    if let Some(draft) = published::recognised(&name, &files, inside.root())? {
        return Ok(draft);
    }
    let layout = layout::find(&inside, &files)?;
    let content = content::look(&inside, &layout)?;
    Ok(text::write(&name, &layout, &content))
}

/// The folder's name with everything but letters, digits, '-', '_' and '.' replaced.
fn name_of(root: &Path) -> String {
    let name = root.file_name().map(|name| name.to_string_lossy());
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name
        .unwrap_or_default()
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .take(100)
        .collect();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}
