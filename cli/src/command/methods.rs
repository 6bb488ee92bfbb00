//! `mrprism methods`: what can be trained, and with which parameters.

use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::spec::MethodFile;
use serde_json::{Map, Value, json};

use crate::bundle;
use crate::failure::wrong_use;
use crate::output;
use mrprism_report::print::plain;

/// List the methods that are built in, or one with every parameter and its default.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism methods\n  mrprism methods mrprism\n  mrprism methods --json"
)]
pub(crate) struct Methods {
    /// A method's name: print its parameters
    method: Option<String>,
    /// Print JSON: `[{name, kind, title, paper, tables, phases, needs, parameters}]`
    #[arg(long)]
    json: bool,
}

impl Methods {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let mut methods = bundle::methods();
        if let Some(name) = &self.method {
            methods.retain(|method| method.name == *name);
            if methods.is_empty() {
                return Err(wrong_use(format!(
                    "no method '{name}': `mrprism methods` lists them"
                )));
            }
        }
        if self.json {
            let all: Vec<_> = methods.iter().map(described).collect();
            output::json(&all)?;
        } else if self.method.is_some() {
            methods.iter().for_each(print);
        } else {
            let rows = methods.iter().map(|method| {
                vec![
                    method.name.clone(),
                    numbers(&method.tables),
                    method.title.clone(),
                    method.paper.clone(),
                ]
            });
            output::line(plain(&["method", "tables", "title", "paper"], rows));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn described(method: &MethodFile) -> Value {
    json!({
        "name": method.name,
        "kind": method.kind(),
        "title": method.title,
        "paper": method.paper,
        "tables": method.tables,
        "phases": method.phases,
        "needs": method.needs,
        "parameters": parameters(method).into_iter().collect::<Map<_, _>>(),
    })
}

fn print(method: &MethodFile) {
    output::line(format_args!("{}: {}", method.name, method.title));
    output::line(format_args!("{}", method.paper));
    if !method.tables.is_empty() {
        output::line(format_args!(
            "in the MrPrism paper's tables {}",
            numbers(&method.tables)
        ));
    }
    output::line(format_args!("phases: {}", method.phases.join(", ")));
    if !method.needs.is_empty() {
        output::line(format_args!("needs: {}", method.needs.join(", ")));
    }
    let rows = parameters(method)
        .into_iter()
        .map(|(key, value)| vec![key, value.to_string()]);
    output::line(plain(&["parameter", "default"], rows));
}

/// Dotted keys with their defaults, as a study sets them.
fn parameters(method: &MethodFile) -> Vec<(String, Value)> {
    let Value::Object(defaults) = json!(method.defaults) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in defaults {
        match value {
            // One level of tables, as a specification has them; what lies deeper is a value.
            Value::Object(table) => {
                found.extend(
                    table
                        .into_iter()
                        .map(|(name, value)| (format!("{key}.{name}"), value)),
                );
            }
            value => found.push((key, value)),
        }
    }
    found
}

fn numbers(tables: &[u32]) -> String {
    let words: Vec<_> = tables.iter().map(u32::to_string).collect();
    words.join(", ")
}
