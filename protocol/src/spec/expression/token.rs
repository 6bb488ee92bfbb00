//! An expression's text cut into tokens.

/// A token and the character it begins at, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Number(f64),
    Text(String),
    /// A key, a component, or a word such as `and`.
    Name(String),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
}

/// Signs, longer ones before those they begin with.
const SIGNS: [&str; 13] = [
    "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", ",",
];
/// What people write for what is spelled otherwise here.
const OTHERWISE: [(&str, &str); 4] = [("&", "and"), ("|", "or"), ("!", "not"), ("=", "==")];

/// Cuts `text` into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let before = &text[..text.len() - rest.len()];
        let at = before.chars().count() + 1;
        let fault = |message: String| format!("at character {at}: {message}");
        let (kind, length) = if first.is_ascii_digit() {
            number(rest).map_err(fault)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
            let name = &rest[..length.unwrap_or(rest.len())];
            (TokenKind::Name(name.to_owned()), name.len())
        } else if first == '"' || first == '\'' {
            let end = rest[1..].find(first);
            let end = end.ok_or_else(|| fault("the quotes are not closed".to_owned()))?;
            (TokenKind::Text(rest[1..=end].to_owned()), end + 2)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| fault(unknown(first, rest)))?;
            (TokenKind::Sign(sign), sign.len())
        };
        tokens.push(Token { kind, at });
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// A number and its length: digits, perhaps a fraction, perhaps an exponent.
fn number(text: &str) -> Result<(TokenKind, usize), String> {
    let digits = |from: usize| {
        let run = text[from..].bytes().take_while(u8::is_ascii_digit);
        from + run.count()
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let signed = text[end + 1..].starts_with(['+', '-']);
        end = digits(end + 1 + usize::from(signed));
    }
    let goes_on = text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
    let written = &text[..end];
    match written.parse::<f64>() {
        Ok(number) if number.is_finite() && !goes_on => Ok((TokenKind::Number(number), end)),
        Ok(number) if !number.is_finite() => Err(format!("{written} is too large")),
        _ => Err("this is no number: write e.g. 3, 0.5 or 1e-4".to_owned()),
    }
}

fn unknown(first: char, rest: &str) -> String {
    let otherwise = OTHERWISE
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign));
    match otherwise {
        Some((sign, word)) => format!("'{sign}' is not known: write `{word}`"),
        None => format!(
            "{first:?} is not known: allowed are numbers, words in quotes, keys, and or not, min() max(), {}",
            SIGNS.join(" ")
        ),
    }
}
