//! From tokens to a tree, by recursive descent: one function a rank of operators, loosest first.

use std::collections::BTreeSet;
use std::fmt;

use super::token::{Token, TokenKind, tokens};
use super::{DEEPEST, Value, WORDS};

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Constant(Value),
    Key(String),
    Negative(Box<Node>),
    Not(Box<Node>),
    Both(Box<Node>, Operator, Box<Node>),
    /// The least or the greatest of several.
    Extreme {
        greatest: bool,
        of: Vec<Node>,
    },
}

/// What stands between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Plus,
    Minus,
    Times,
    Over,
}

const OPERATORS: [(&str, Operator); 12] = [
    ("or", Operator::Or),
    ("and", Operator::And),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<", Operator::Less),
    ("<=", Operator::AtMost),
    (">", Operator::Greater),
    (">=", Operator::AtLeast),
    ("+", Operator::Plus),
    ("-", Operator::Minus),
    ("*", Operator::Times),
    ("/", Operator::Over),
];

impl Operator {
    /// As it is written.
    pub(super) fn sign(self) -> &'static str {
        let found = OPERATORS.iter().find(|(_, operator)| *operator == self);
        found.map_or("", |(sign, _)| sign)
    }

    /// What it needs on both sides; nothing where it takes words as well as numbers.
    fn needs(self) -> Option<Kind> {
        match self {
            Self::Or | Self::And => Some(Kind::Flag),
            Self::Equal | Self::Unequal => None,
            _ => Some(Kind::Number),
        }
    }
}

/// What a part gives, where its text tells; a key tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Flag,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Text => "a word",
            Self::Flag => "a condition",
        })
    }
}

impl Node {
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Constant(Value::Number(_)) | Self::Negative(_) | Self::Extreme { .. } => {
                Some(Kind::Number)
            }
            Self::Constant(Value::Text(_)) => Some(Kind::Text),
            Self::Constant(Value::Flag(_)) | Self::Not(_) => Some(Kind::Flag),
            Self::Key(_) => None,
            Self::Both(_, operator, _) => Some(match operator {
                Operator::Plus | Operator::Minus | Operator::Times | Operator::Over => Kind::Number,
                _ => Kind::Flag,
            }),
        }
    }

    fn must_give(&self, kind: Kind, of: &str) -> Result<(), String> {
        match self.kind() {
            Some(found) if found != kind => Err(format!("`{of}` needs {kind}, not {found}")),
            _ => Ok(()),
        }
    }
}

/// The tree of `text` and every key in it.
pub(super) fn parse(text: &str) -> Result<(Node, BTreeSet<String>), String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        keys: BTreeSet::new(),
    };
    let root = parser.ranked(0)?;
    match parser.peek() {
        None => Ok((root, parser.keys)),
        Some(token) => Err(format!(
            "at character {}: nothing can follow here",
            token.at
        )),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    keys: BTreeSet<String>,
}

/// Operators by rank, loosest first. `not` stands between the second and the third.
const RANKS: [&[&str]; 5] = [
    &["or"],
    &["and"],
    &["==", "!=", "<=", ">=", "<", ">"],
    &["+", "-"],
    &["*", "/"],
];
const COMPARISONS: usize = 2;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// Whether the next token is one of `signs`, which is then taken.
    fn take(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let found = match &self.peek()?.kind {
            TokenKind::Sign(sign) => *sign,
            TokenKind::Name(name) => WORDS.into_iter().find(|word| word == name)?,
            _ => return None,
        };
        let found = signs.contains(&found).then_some(found)?;
        self.next += 1;
        Some(found)
    }

    fn here(&self) -> String {
        self.peek().map_or_else(
            || "at the end".to_owned(),
            |token| format!("at character {}", token.at),
        )
    }

    /// Goes one level deeper for as long as `inner` runs.
    fn deeper(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Node, String>,
    ) -> Result<Node, String> {
        if self.depth == DEEPEST {
            return Err(format!(
                "{}: more than {DEEPEST} brackets or signs inside each other",
                self.here()
            ));
        }
        self.depth += 1;
        let node = inner(self);
        self.depth -= 1;
        node
    }

    /// Parts joined by operators of `rank` or tighter ones.
    fn ranked(&mut self, rank: usize) -> Result<Node, String> {
        let Some(signs) = RANKS.get(rank) else {
            return self.signed();
        };
        if rank == COMPARISONS && self.take(&["not"]).is_some() {
            let inner = self.deeper(|parser| parser.ranked(rank))?;
            inner.must_give(Kind::Flag, "not")?;
            return Ok(Node::Not(Box::new(inner)));
        }
        let mut left = self.ranked(rank + 1)?;
        let mut compared = false;
        loop {
            let here = self.here();
            let Some(sign) = self.take(signs) else {
                return Ok(left);
            };
            if compared {
                return Err(format!(
                    "{here}: compare two at a time, and join comparisons with `and`"
                ));
            }
            let right = self.ranked(rank + 1)?;
            left = joined(left, sign, right)?;
            compared = rank == COMPARISONS;
        }
    }

    fn signed(&mut self) -> Result<Node, String> {
        if self.take(&["-"]).is_none() {
            return self.single();
        }
        let inner = self.deeper(Self::signed)?;
        inner.must_give(Kind::Number, "-")?;
        Ok(Node::Negative(Box::new(inner)))
    }

    fn single(&mut self) -> Result<Node, String> {
        let here = self.here();
        if self.take(&["("]).is_some() {
            let inner = self.deeper(|parser| parser.ranked(0))?;
            return self.closed(inner);
        }
        if let Some(word) = self.take(&["min", "max"]) {
            return self.extreme(word);
        }
        if let Some(word) = self.take(&["true", "false"]) {
            return Ok(Node::Constant(Value::Flag(word == "true")));
        }
        let node = match self.peek().map(|token| &token.kind) {
            Some(TokenKind::Number(number)) => Node::Constant(Value::Number(*number)),
            Some(TokenKind::Text(text)) => Node::Constant(Value::Text(text.clone())),
            Some(TokenKind::Name(name)) if !WORDS.contains(&name.as_str()) => {
                let name = name.clone();
                self.keys.insert(name.clone());
                Node::Key(name)
            }
            _ => {
                return Err(format!(
                    "{here}: a number, a word in quotes, a key or '(' is missing"
                ));
            }
        };
        self.next += 1;
        Ok(node)
    }

    fn extreme(&mut self, word: &'static str) -> Result<Node, String> {
        if self.take(&["("]).is_none() {
            return Err(format!("{}: '(' must follow `{word}`", self.here()));
        }
        let mut of = Vec::new();
        loop {
            let part = self.deeper(|parser| parser.ranked(0))?;
            part.must_give(Kind::Number, word)?;
            of.push(part);
            if self.take(&[","]).is_none() {
                break;
            }
        }
        if of.len() < 2 {
            return Err(format!("`{word}` compares at least two numbers"));
        }
        self.closed(Node::Extreme {
            greatest: word == "max",
            of,
        })
    }

    fn closed(&mut self, inner: Node) -> Result<Node, String> {
        match self.take(&[")"]) {
            Some(_) => Ok(inner),
            None => Err(format!("{}: ')' is missing", self.here())),
        }
    }
}

fn joined(left: Node, sign: &str, right: Node) -> Result<Node, String> {
    let found = OPERATORS.iter().find(|(written, _)| *written == sign);
    let (_, operator) = found.ok_or_else(|| format!("'{sign}' joins nothing"))?;
    if let Some(kind) = operator.needs() {
        left.must_give(kind, sign)?;
        right.must_give(kind, sign)?;
    }
    if let (Some(one), Some(other)) = (left.kind(), right.kind())
        && one != other
    {
        return Err(format!("`{sign}` cannot compare {one} with {other}"));
    }
    Ok(Node::Both(Box::new(left), *operator, Box::new(right)))
}
