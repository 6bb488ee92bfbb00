//! As much of LaTeX as a check needs: comments, groups, commands, cells. Nothing is expanded.

use super::Source;

/// A file without its comments; every character stands where it stood.
pub(super) struct Stripped<'a> {
    pub(super) file: &'a str,
    pub(super) text: String,
}

impl<'a> Stripped<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        Self {
            file: &source.file,
            text: without_comments(&source.text),
        }
    }

    /// The line of a place in the text, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        line(&self.text, at)
    }
}

fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Files that a text takes in by `\input` or `\include`, with their lines.
pub fn included(text: &str) -> Vec<(usize, String)> {
    let text = without_comments(text);
    let mut found = Vec::new();
    for (at, name) in commands(&text) {
        if name != "input" && name != "include" {
            continue;
        }
        let rest = text[at + 1 + name.len()..].trim_start();
        let file = match group(rest) {
            Some(file) => file,
            None => rest.split([' ', '\n', '\t', '\\']).next().unwrap_or(rest),
        };
        if !file.trim().is_empty() {
            found.push((line(&text, at), file.trim().to_owned()));
        }
    }
    found
}

/// Blanks in place of comments. `\%` begins none.
fn without_comments(text: &str) -> String {
    let (mut stripped, mut in_comment, mut escaped) =
        (String::with_capacity(text.len()), false, false);
    for character in text.chars() {
        if character == '\n' {
            (in_comment, escaped) = (false, false);
        } else if character == '%' && !escaped {
            in_comment = true;
        } else {
            escaped = character == '\\' && !escaped;
        }
        if in_comment {
            stripped.extend(std::iter::repeat_n(' ', character.len_utf8()));
        } else {
            stripped.push(character);
        }
    }
    stripped
}

/// Commands of letters, with the places of their backslashes.
pub(super) fn commands(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + text[from..].find('\\')?;
            let name = &text[at + 1..];
            let length = name
                .find(|letter: char| !letter.is_ascii_alphabetic())
                .unwrap_or(name.len());
            if length > 0 {
                from = at + 1 + length;
                return Some((at, &name[..length]));
            }
            // `\\` and `\{` are two characters and no beginning of another.
            from = at + 1 + name.chars().next().map_or(0, char::len_utf8);
        }
    })
}

/// What stands between the braces that `text` begins with.
pub(super) fn group(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let end = depths(inside).find(|(_, _, depth)| *depth < 0)?.0;
    Some(&inside[..end])
}

/// `text` cut at every `mark` that is in no group and is not escaped, with the pieces' places.
pub(super) fn split<'a>(text: &'a str, mark: &str) -> Vec<(usize, &'a str)> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    for (at, _, depth) in depths(text) {
        if depth == 0 && at >= from && text[at..].starts_with(mark) {
            pieces.push((from, &text[from..at]));
            from = at + mark.len();
        }
    }
    pieces.push((from, &text[from..]));
    pieces
}

/// Characters that begin something, with their places and the depth of groups after them. Of `\{` only the backslash.
fn depths(text: &str) -> impl Iterator<Item = (usize, char, i32)> {
    let (mut depth, mut escaped) = (0, false);
    text.char_indices().filter_map(move |(at, character)| {
        if std::mem::take(&mut escaped) {
            return None;
        }
        match character {
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        Some((at, character, depth))
    })
}

/// The words of a cell: without commands, groups' braces and mathematics' dollars; escaped signs as they are read.
pub(super) fn plain(cell: &str) -> String {
    let mut found = String::new();
    let mut rest = cell;
    while let Some(character) = rest.chars().next() {
        let tail = &rest[character.len_utf8()..];
        rest = match character {
            '\\' => after_command(tail, &mut found),
            '{' | '}' | '$' => tail,
            '~' => {
                found.push(' ');
                tail
            }
            other => {
                found.push(other);
                tail
            }
        };
    }
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn after_command<'a>(tail: &'a str, found: &mut String) -> &'a str {
    let length = tail
        .find(|letter: char| !letter.is_ascii_alphabetic())
        .unwrap_or(tail.len());
    let (name, rest) = tail.split_at(length);
    match name {
        "" => {
            // `\_` is `_`, `\,` a blank.
            let sign = rest.chars().next();
            let read = sign.filter(|sign| "_&%$#{}".contains(*sign));
            found.push(read.unwrap_or(' '));
            return &rest[sign.map_or(0, char::len_utf8)..];
        }
        "pm" => found.push('±'),
        "textbackslash" => found.push('\\'),
        "textasciitilde" => found.push('~'),
        "textasciicircum" => found.push('^'),
        // Marks beside a number, rules between rows: their arguments are no words.
        "textsuperscript" | "cmidrule" | "cline" | "multicolumn" | "label" | "cite" | "vspace" => {
            found.push(' ');
            return without_arguments(rest);
        }
        _ => found.push(' '),
    }
    // `\num[…]{…}`: options are no words either.
    match rest
        .strip_prefix('[')
        .and_then(|options| options.split_once(']'))
    {
        Some((_, rest)) => rest,
        None => rest,
    }
}

fn without_arguments(mut rest: &str) -> &str {
    loop {
        rest = match (rest.chars().next(), group(rest)) {
            (Some('{'), Some(inside)) => &rest[inside.len() + 2..],
            (Some('('), _) => rest.split_once(')').map_or("", |(_, rest)| rest),
            _ => return rest,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{commands, group, included, plain, split};

    #[test]
    fn files_that_are_taken_in_are_found_with_their_lines() {
        let text =
            "\\input{a}\n% \\input{b}\n10\\% \\include{c/d.tex}\\includegraphics{e}\n\\input f\n";
        let expected = [(1, "a"), (3, "c/d.tex"), (4, "f")];
        assert_eq!(
            included(text),
            expected.map(|(line, file)| (line, file.to_owned()))
        );
    }

    #[test]
    fn groups_and_cells_are_cut_where_latex_cuts_them() {
        assert_eq!(group(r"{a{b}\}c}d"), Some(r"a{b}\}c"));
        assert_eq!(group("{a"), None);
        let cells: Vec<_> = split(r"a \& b & {c & d} & e", "&")
            .into_iter()
            .map(|(_, cell)| cell)
            .collect();
        assert_eq!(cells, [r"a \& b ", " {c & d} ", " e"]);
        let rows: Vec<_> = split(r"a\\b \\ c", r"\\")
            .into_iter()
            .map(|(_, row)| row)
            .collect();
        assert_eq!(rows, ["a", "b ", " c"]);
        let names: Vec<_> = commands(r"\a{\b}\\c\_d").map(|(_, name)| name).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_cell_is_read_as_it_is_printed() {
        for (cell, read) in [
            (r"\textbf{tau\_3}", "tau_3"),
            (
                r"{\boldmath\num[reset-math-version=false]{88.12 \pm 0.41}}",
                "88.12 ±  0.41",
            ),
            (r"$88.12\pm0.41$\textsuperscript{*}", "88.12±0.41"),
            (r"\midrule\cmidrule(lr){3-6} a~b", "a b"),
        ] {
            let words: Vec<_> = read.split_whitespace().collect();
            assert_eq!(plain(cell), words.join(" "), "{cell}");
        }
    }
}
