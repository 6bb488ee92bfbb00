//! Small expressions over the keys of a run: numbers for `[derive]`, conditions for `[[rule]]`.
//!
//! The crates that were looked at do not fit: evalexpr is under the AGPL, meval and fasteval are no longer kept and know
//! numbers only, exmex knows no dotted names and no words in quotes. Length and nesting are bounded, so that no text can
//! exhaust the stack of whoever reads it.

mod evaluate;
mod parse;
mod token;

use std::collections::BTreeSet;
use std::fmt;

use parse::Node;

/// Most bytes of an expression.
const LONGEST: usize = 1000;
/// Most brackets, signs and `not`s inside each other.
const DEEPEST: usize = 32;
/// Words that mean something here and can name nothing else.
pub(super) const WORDS: [&str; 7] = ["and", "or", "not", "min", "max", "true", "false"];

/// What an expression gives and what a key holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A number, whole or not.
    Number(f64),
    /// A word in quotes.
    Text(String),
    /// Whether something holds.
    Flag(bool),
}

impl Value {
    /// What a key holds; `None` for lists, tables and dates.
    pub(super) fn of(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Integer(number) => Some(Self::Number(*number as f64)),
            toml::Value::Float(number) => Some(Self::Number(*number)),
            toml::Value::String(text) => Some(Self::Text(text.clone())),
            toml::Value::Boolean(flag) => Some(Self::Flag(*flag)),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// What a key holds, or a sentence that says why it holds nothing.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Result<Value, String>;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expression {
    root: Node,
    keys: BTreeSet<String>,
}

impl Expression {
    /// Parses what must give a number.
    pub(super) fn number(text: &str) -> Result<Self, String> {
        Self::parsed(text, parse::Kind::Number)
    }

    /// Parses what must hold or not.
    pub(super) fn condition(text: &str) -> Result<Self, String> {
        Self::parsed(text, parse::Kind::Flag)
    }

    fn parsed(text: &str, kind: parse::Kind) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!(
                "is {} bytes long: at most {LONGEST} are read",
                text.len()
            ));
        }
        let (root, keys) = parse::parse(text)?;
        match root.kind() {
            Some(found) if found != kind => Err(format!("must give {kind}, and gives {found}")),
            _ => Ok(Self { root, keys }),
        }
    }

    /// Every key it names.
    pub(super) fn keys(&self) -> &BTreeSet<String> {
        &self.keys
    }

    /// Its number.
    pub(super) fn to_number(&self, lookup: Lookup<'_>) -> Result<f64, String> {
        match evaluate::evaluate(&self.root, lookup)? {
            Value::Number(number) => Ok(number),
            other => Err(format!("gives {other}, which is no number")),
        }
    }

    /// Whether it holds.
    pub(super) fn holds(&self, lookup: Lookup<'_>) -> Result<bool, String> {
        match evaluate::evaluate(&self.root, lookup)? {
            Value::Flag(flag) => Ok(flag),
            other => Err(format!("gives {other}, which neither holds nor not")),
        }
    }
}

#[cfg(test)]
mod tests;
