//! An expression's value, given what its keys hold.

use std::cmp::Ordering;

use super::parse::{Node, Operator};
use super::{Lookup, Value};

/// The value of `node`. `and` and `or` look at their right side only where the left one leaves it open, so that a condition
/// may ask for a method before it names that method's keys.
pub(super) fn evaluate(node: &Node, lookup: Lookup<'_>) -> Result<Value, String> {
    match node {
        Node::Constant(value) => Ok(value.clone()),
        Node::Key(key) => lookup(key),
        Node::Negative(inner) => Ok(Value::Number(-number(inner, lookup, "-")?)),
        Node::Not(inner) => Ok(Value::Flag(!flag(inner, lookup, "not")?)),
        Node::Extreme { greatest, of } => {
            let word = if *greatest { "max" } else { "min" };
            let mut found = None;
            for part in of {
                let part = number(part, lookup, word)?;
                found = Some(match found {
                    None => part,
                    Some(found) if *greatest => part.max(found),
                    Some(found) => part.min(found),
                });
            }
            found
                .map(Value::Number)
                .ok_or_else(|| format!("`{word}` of nothing"))
        }
        Node::Both(left, operator, right) => both(left, *operator, right, lookup),
    }
}

fn both(
    left: &Node,
    operator: Operator,
    right: &Node,
    lookup: Lookup<'_>,
) -> Result<Value, String> {
    let sign = operator.sign();
    match operator {
        Operator::And | Operator::Or => {
            let decides = operator == Operator::Or;
            let left = flag(left, lookup, sign)?;
            let holds = if left == decides {
                decides
            } else {
                flag(right, lookup, sign)?
            };
            Ok(Value::Flag(holds))
        }
        Operator::Equal | Operator::Unequal => {
            let (left, right) = (evaluate(left, lookup)?, evaluate(right, lookup)?);
            if std::mem::discriminant(&left) != std::mem::discriminant(&right) {
                return Err(format!(
                    "{left} {sign} {right} compares what is not of one kind"
                ));
            }
            Ok(Value::Flag(
                (left == right) == (operator == Operator::Equal),
            ))
        }
        Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => {
            let (left, right) = (number(left, lookup, sign)?, number(right, lookup, sign)?);
            let order = left.partial_cmp(&right);
            Ok(Value::Flag(match operator {
                Operator::Less => order == Some(Ordering::Less),
                Operator::AtMost => order.is_some_and(Ordering::is_le),
                Operator::Greater => order == Some(Ordering::Greater),
                _ => order.is_some_and(Ordering::is_ge),
            }))
        }
        Operator::Plus | Operator::Minus | Operator::Times | Operator::Over => {
            let (left, right) = (number(left, lookup, sign)?, number(right, lookup, sign)?);
            let result = match operator {
                Operator::Plus => left + right,
                Operator::Minus => left - right,
                Operator::Times => left * right,
                _ => left / right,
            };
            if result.is_finite() {
                Ok(Value::Number(result))
            } else {
                Err(format!("{left} {sign} {right} is no number"))
            }
        }
    }
}

fn number(node: &Node, lookup: Lookup<'_>, of: &str) -> Result<f64, String> {
    match evaluate(node, lookup)? {
        Value::Number(number) => Ok(number),
        other => Err(format!("`{of}` needs numbers, and {other} is none")),
    }
}

fn flag(node: &Node, lookup: Lookup<'_>, of: &str) -> Result<bool, String> {
    match evaluate(node, lookup)? {
        Value::Flag(flag) => Ok(flag),
        other => Err(format!("`{of}` needs conditions, and {other} is none")),
    }
}
